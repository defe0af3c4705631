# A list of turns becomes one conversation: one block, as many messages as the list has entries.
#
#   reconciler apply --specs specs/turns
#
# Delete an entry in the middle and plan again: that is one deletion, and nothing is sent anew.

provider "openai" {
  base_url = "emulator:state/turns.emulator.db"
}

variable "turns" {
  description = "What is said, in order; the user begins and the roles take turns."
  type        = list(string)
  default = [
    "How do I reset my password?",
    "Open the sign-in page and choose \"Forgot password\".",
    "And if I no longer have that e-mail address?",
    "Then support can help: they will ask for two of your recent orders.",
  ]
}

resource "openai_thread" "support" {
  metadata = {
    topic = "password"
  }
}

resource "openai_message" "turn" {
  count = length(var.turns)

  thread_id = openai_thread.support.id
  role      = count.index % 2 == 0 ? "user" : "assistant"
  content   = var.turns[count.index]

  metadata = {
    turn = count.index + 1
  }
}

output "thread_id" {
  description = "Where the conversation is."
  value       = openai_thread.support.id
}
