"""A byte-level BPE tokenizer with a chat template, learnt from the made-up corpus."""

from collections.abc import Iterable
from typing import Any

PAD, START, END = "<|pad|>", "<|start|>", "<|end|>"
ROLES = ("<|system|>", "<|user|>", "<|assistant|>")

# Every turn ends with <|end|>, the end-of-sequence token: a completion teaches the model to stop.
# The template writes <|start|> itself and the tokenizer adds nothing, so it is never there twice.
CHAT_TEMPLATE = (
    "{{ bos_token }}"
    "{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>' + message['content'] + eos_token }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def learn(texts: Iterable[str], *, vocabulary: int, window: int) -> Any:
    """A `PreTrainedTokenizerFast` of at most `vocabulary` tokens for prompts of `window` tokens.

    Any text can be written with it: what the corpus never had falls back to bytes.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    # Words and what stands between them apart: "red" is one token in a question and in SQL quotes.
    words = pre_tokenizers.Split(Regex(r"\w+ = '|\w+|\W+"), behavior="isolated")
    to_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, to_bytes])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[PAD, START, END, *ROLES],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        bos_token=START,
        eos_token=END,
        model_max_length=window,
        clean_up_tokenization_spaces=False,
    )
    fast.chat_template = CHAT_TEMPLATE
    return fast
