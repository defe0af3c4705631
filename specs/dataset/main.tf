# A dataset in chat JSONL: every line is a conversation, every conversation a thread of its own.
#
#   reconciler apply --specs specs/dataset

provider "openai" {
  base_url = "emulator:state/dataset.emulator.db"
}

locals {
  rows = { for row in jsonldecode(file("conversations.jsonl")) : row.id => row.messages }

  turns = merge([
    for id, messages in local.rows : {
      for position, message in messages :
      "${id}.${position}" => { id = id, position = position, message = message }
    }
  ]...)
}

resource "openai_thread" "row" {
  for_each = local.rows

  metadata = {
    row = each.key
  }
}

resource "openai_message" "turn" {
  for_each = local.turns

  thread_id = openai_thread.row[each.value.id].id
  role      = each.value.message.role
  content   = each.value.message.content
  order     = each.value.position
}

output "threads" {
  value = { for id, thread in openai_thread.row : id => thread.id }
}
