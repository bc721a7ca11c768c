"""Logical cells against depth, over five seeds."""

from topoi import topos
from topoi.survey import survey

DEPTHS = (1, 2, 3, 4)


@survey(
    "topos/logical-cells",
    seeds=range(5),
    value=lambda unit: unit["content 3.3"] - unit["content 1.1"],
)
def cells_by_depth(seed):
    """Accuracy, content of each layer and share decided, for each depth."""
    x, labels = topos.bars()
    unit = {}
    for depth in DEPTHS:
        network, layers = topos.train_bars(depth, seed, x, labels)
        unit[f"accuracy {depth}"] = network.score(x, labels)
        for k, layer in enumerate(layers, 1):
            score = topos.cell_score(layer, labels)
            unit[f"content {depth}.{k}"] = score.content
        unit[f"decide {depth}"] = score.decide
    return unit
