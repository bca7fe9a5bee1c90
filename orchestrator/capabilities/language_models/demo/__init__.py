"""The demo model: no LLM. It computes its answer from the words of its input, the same way every time.

It exists so that a newcomer's graph runs without an API key. It finds terms that its input and its
instructions have in common (`terms`), and from them chooses labels (`labels`), calls tools
(`tool_choice`), fills JSON Schemas (`schema_filling`) and writes text out of sentences it was given
(`drafting`). Every reply of it is marked `demo`.
"""
