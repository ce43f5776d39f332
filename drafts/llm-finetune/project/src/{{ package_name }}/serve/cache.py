"""Keys and values of all rows under way, in one tensor a layer, that rows may join and leave.

Rows are aligned at the right: the last column is the newest token of every row, and shorter rows
have padding at their left, which the attention mask hides.
"""

from collections.abc import Sequence
from typing import Any

from transformers.cache_utils import Cache, DynamicLayer

_ROOM = 64
"""Columns that are reserved ahead, so that not every token moves the whole cache."""


class RoomyLayer(DynamicLayer):
    """A layer (rows, heads, columns, size) that writes into reserved room instead of copying.

    `keys` and `values` are views of the part in use.
    """

    keys: Any
    values: Any
    _room: tuple[Any, Any] | None = None

    def update(self, key_states: Any, value_states: Any, *args: Any, **kwargs: Any) -> Any:
        """Append columns; all keys and values so far."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        before = self.get_seq_length()
        after = before + key_states.shape[-2]
        if self._room is None or after > self._room[0].shape[-2]:
            room = tuple(
                new.new_zeros((*new.shape[:-2], after + _ROOM, new.shape[-1]))
                for new in (key_states, value_states)
            )
            if before:
                room[0][..., :before, :] = self.keys
                room[1][..., :before, :] = self.values
            self._room = (room[0], room[1])
        for room_of, new in zip(self._room, (key_states, value_states), strict=True):
            room_of[..., before:after, :] = new
        self.keys, self.values = (each[..., :after, :] for each in self._room)
        return self.keys, self.values


def empty() -> Any:
    """A cache without rows; its layers come with the first forward pass.

    Layers with a sliding window keep all columns too: their mask hides what lies outside.
    """
    return Cache(layer_class_to_replicate=RoomyLayer)


def gathered(parts: Sequence[tuple[Any, Sequence[int]]], width: int) -> Any:
    """A new cache of the named rows of several caches, `width` columns wide.

    Each part is a cache and the rows to take from it. A wider part loses columns at its left, which
    must be padding in all rows taken; a narrower one gets some.
    """
    made = empty()
    for layers in zip(*(cache.layers for cache, _ in parts), strict=True):
        layer = RoomyLayer()
        first = layers[0].keys
        layer.lazy_initialization(first, layers[0].values)
        total = sum(len(rows) for _, rows in parts)
        room = []
        for name in ("keys", "values"):
            like = getattr(layers[0], name)
            target = like.new_zeros((total, like.shape[1], width + _ROOM, like.shape[3]))
            at = 0
            for source, (_, rows) in zip(layers, parts, strict=True):
                columns = getattr(source, name)
                used = min(width, columns.shape[-2])
                target[at : at + len(rows), :, width - used : width] = columns[
                    list(rows), :, columns.shape[-2] - used :
                ]
                at += len(rows)
            room.append(target)
        layer._room = (room[0], room[1])
        layer.keys, layer.values = (each[..., :width, :] for each in layer._room)
        made.layers.append(layer)
    return made
