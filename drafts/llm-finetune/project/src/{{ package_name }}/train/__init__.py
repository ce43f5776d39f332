"""From a base model and prepared rows to an adapter: supervised fine-tuning, then DPO if chosen."""
