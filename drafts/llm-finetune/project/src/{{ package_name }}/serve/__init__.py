"""The service: an OpenAI-compatible chat API over the base model and its adapters.

Read in this order: `schemas.py` (what goes in), `prompts.py` (chat turns to tokens), `work.py`,
`cache.py`, `sampling.py`, `text.py` and `batch.py` (how many rows are answered at once),
`engine.py` (the thread that does it), `models.py` (base and adapters by name), `chat.py` and
`app.py` (the routes), `limits.py` (what every request passes through), `run.py` (start and stop).
"""
