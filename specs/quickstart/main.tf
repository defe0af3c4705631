# The smallest conversation: one thread, a question and an answer, on the embedded server.
#
#   reconciler plan  --specs specs/quickstart
#   reconciler apply --specs specs/quickstart
#
# To talk to a real server, remove the provider block and set OPENAI_API_KEY (and OPENAI_BASE_URL).

provider "openai" {
  base_url = "emulator:state/quickstart.emulator.db"
}

resource "openai_thread" "conversation" {
}

resource "openai_message" "user_query" {
  thread_id = openai_thread.conversation.id
  role      = "user"
  content   = "Can you help me understand how to implement authentication in my Node.js application?"

  metadata = {
    source        = "customer_portal"
    user_timezone = "America/New_York"
  }
}

resource "openai_message" "assistant_response" {
  thread_id = openai_thread.conversation.id
  role      = "assistant"
  content   = "I'd be happy to help you implement authentication in your Node.js application. There are several approaches you can take..."

  file_ids = []

  metadata = {
    response_type = "detailed"
  }
}
