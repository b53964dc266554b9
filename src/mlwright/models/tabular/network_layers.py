"""Networks side by side: their parameters in one vector, their answers, and the gradient of their losses."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mlwright.data.columns import Array


@dataclass(frozen=True, slots=True)
class NetworkShape:
    """Members of equal form that see the same inputs and share nothing else.

    Attributes:
        inputs: Numbers a row.
        width, layers: Units of a hidden layer, and hidden layers.
        outputs: Raw scores a row.
        members: Networks side by side.
    """

    inputs: int
    width: int
    layers: int
    outputs: int
    members: int = 1

    @property
    def sizes(self) -> tuple[tuple[int, int], ...]:
        """Units going in and out of each layer."""
        units = (self.inputs, *(self.width,) * self.layers, self.outputs)
        return tuple(pairwise(units))

    @property
    def parameters(self) -> int:
        return self.members * sum((before + 1) * after for before, after in self.sizes)

    def layers_of(self, vector: Array) -> list[tuple[Array, Array]]:
        """Return views of a vector: weights (members, in, out) and biases (members, 1, out) of each layer."""
        return list(self._views(vector))

    def _views(self, vector: Array) -> Iterator[tuple[Array, Array]]:
        start = 0
        for before, after in self.sizes:
            middle = start + self.members * before * after
            end = middle + self.members * after
            yield (
                vector[start:middle].reshape(self.members, before, after),
                vector[middle:end].reshape(self.members, 1, after),
            )
            start = end

    def start(self, random: np.random.Generator) -> Array:
        """Return parameters to begin with: uniform within ±1 / sqrt(units going in), float32."""
        vector = np.empty(self.parameters, dtype=np.float32)
        for weights, biases in self._views(vector):
            bound = weights.shape[1] ** -0.5
            weights[:] = random.uniform(-bound, bound, weights.shape)
            biases[:] = random.uniform(-bound, bound, biases.shape)
        return vector

    def scores(self, vector: Array, inputs: Array) -> Array:
        """Return the raw scores of rows, (n, inputs), in their precision, shape (members, n, outputs)."""
        values = inputs
        layers = self.layers_of(vector.astype(inputs.dtype, copy=False))
        for weights, biases in layers[:-1]:
            values = np.matmul(values, weights)
            values += biases
            np.maximum(values, 0.0, out=values)
        weights, biases = layers[-1]
        return np.matmul(values, weights) + biases


class Gradients:
    """Forward and backward through one batch, with dropout.

    Masks are cut at random places from one long drawn mask: drawing a fresh one for every layer of every batch would
    cost as much as the layer.
    """

    def __init__(self, shape: NetworkShape, dropout: float, random: np.random.Generator) -> None:
        self._shape = shape
        self._random = random
        self._dropout = dropout
        self._mask = np.empty(0, dtype=np.float32)
        self.vector = np.zeros(shape.parameters, dtype=np.float32)
        self._layers = shape.layers_of(self.vector)

    def forward(self, vector: Array, inputs: Array) -> tuple[Array, list[Array], list[Array]]:
        """Return the raw scores, and what `backward` needs: the values before each layer, and the masks."""
        layers = self._shape.layers_of(vector)
        values, before, masks = inputs, [inputs], list[Array]()
        for weights, biases in layers[:-1]:
            values = np.matmul(values, weights)
            values += biases
            np.maximum(values, 0.0, out=values)
            if self._dropout:
                masks.append(self._next_mask(values.shape))
                values *= masks[-1]
            before.append(values)
        weights, biases = layers[-1]
        return np.matmul(values, weights) + biases, before, masks

    def backward(self, vector: Array, slope: Array, before: list[Array], masks: list[Array]) -> Array:
        """Return the gradient of the parameters, valid until the next call.

        Args:
            vector: The parameters.
            slope: Of the loss by the raw scores, (members, n, outputs).
            before, masks: From `forward`.
        """
        layers = self._shape.layers_of(vector)
        for index in range(len(layers) - 1, -1, -1):
            into, biases = self._layers[index]
            np.matmul(np.swapaxes(before[index], -1, -2), slope, out=into)
            np.sum(slope, axis=1, keepdims=True, out=biases)
            if index:
                slope = np.matmul(slope, np.swapaxes(layers[index][0], -1, -2))
                # A unit that was cut or dropped is exactly 0, and lets nothing through.
                slope *= before[index] > 0
                if self._dropout:
                    slope *= masks[index - 1]
        return self.vector

    def _next_mask(self, shape: tuple[int, ...]) -> Array:
        size = int(np.prod(shape))
        if len(self._mask) < 4 * size:
            kept = self._random.random(max(4 * size, 1 << 20), dtype=np.float32) >= self._dropout
            self._mask = kept.astype(np.float32) / np.float32(1.0 - self._dropout)
        start = int(self._random.integers(0, len(self._mask) - size))
        return self._mask[start : start + size].reshape(shape)
