"""OpenAI conversations as code.

spec files -> language -> spec -> graph -> refresh -> expand -> diff -> plan -> execute -> state
                                             ^                                   |
                                             +------------ provider <------------+ -> the API
"""
