"""A made-up language model of about a million parameters, and made-up data for it.

Nobody ever spoke its language: a script writes the sentences, so the whole road from base model to
tuned, evaluated and served adapter runs in minutes, without network and without a GPU. The code
that walks the road is the same for a real model; only the folder named by `model.base` differs.
"""

LABEL = "made-up tiny model"
"""What stands in the config, the card and every report of something made from it."""
