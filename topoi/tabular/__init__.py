"""Tables: what to do before, around and instead of a network.

- `encoding`: rows as vectors, missing cells, words as targets
- `groups`: duplicates, and what a split gives away
- `leaks`: four leaks, each on pure noise
- `ranking`: ROC, area, precision and recall
- `calibration`: reliability, Brier score, temperature
- `boosting`: stumps that repair each other, by hand
- `networks`: networks for tables, embeddings, an auto-encoder
- `isolation`: an isolation forest by hand
- `tables`: the shipped tables, ready for use
- `drawing`: a row becomes a vector; a threshold to explore
"""

from topoi.tabular.boosting import (
    Stump,
    boost,
    boosted,
    fit_stump,
)
from topoi.tabular.calibration import (
    BrierParts,
    Reliability,
    brier_parts,
    brier_score,
    expected_calibration_error,
    fit_temperature,
    logit_loss,
    reliability,
    wilson_interval,
)
from topoi.tabular.drawing import (
    alarms,
    draw_encoding,
    explore_threshold,
)
from topoi.tabular.encoding import (
    TableEncoder,
    encode_by,
    out_of_fold_target,
    target_encode,
)
from topoi.tabular.groups import (
    LeakReport,
    duplicate_groups,
    label_counts,
    leak_report,
)
from topoi.tabular.isolation import (
    average_path,
    isolation_depths,
    isolation_scores,
)
from topoi.tabular.leaks import (
    best_columns,
    epoch_accuracies,
    scaling_gap,
    selection_error,
    target_leak_auc,
)
from topoi.tabular.networks import (
    TABLE_LOSSES,
    Settings,
    build_autoencoder,
    build_embedding_network,
    build_table_network,
    learned_codes,
    linear_reconstruction_error,
    predict_rows,
    reconstruction_error,
    stack_layers,
    train_network,
)
from topoi.tabular.ranking import (
    PrecisionRecall,
    RocCurve,
    above,
    auc,
    average_precision,
    binormal_auc,
    precision_recall,
    roc_curve,
)
from topoi.tabular.tables import (
    GRADINGS,
    Mixtures,
    TableData,
    concrete_mixtures,
    credit_encoder,
    credit_table,
    diamonds_table,
    phishing_pages,
    rows_of,
)

__all__ = [
    "BrierParts",
    "GRADINGS",
    "TABLE_LOSSES",
    "LeakReport",
    "Mixtures",
    "PrecisionRecall",
    "Reliability",
    "RocCurve",
    "Settings",
    "Stump",
    "TableData",
    "TableEncoder",
    "above",
    "alarms",
    "auc",
    "average_path",
    "average_precision",
    "best_columns",
    "binormal_auc",
    "boost",
    "boosted",
    "brier_parts",
    "brier_score",
    "build_autoencoder",
    "build_embedding_network",
    "build_table_network",
    "concrete_mixtures",
    "credit_encoder",
    "credit_table",
    "diamonds_table",
    "draw_encoding",
    "duplicate_groups",
    "encode_by",
    "epoch_accuracies",
    "expected_calibration_error",
    "explore_threshold",
    "fit_stump",
    "fit_temperature",
    "isolation_depths",
    "isolation_scores",
    "label_counts",
    "leak_report",
    "learned_codes",
    "linear_reconstruction_error",
    "logit_loss",
    "out_of_fold_target",
    "phishing_pages",
    "precision_recall",
    "predict_rows",
    "reconstruction_error",
    "reliability",
    "roc_curve",
    "rows_of",
    "scaling_gap",
    "selection_error",
    "stack_layers",
    "target_encode",
    "target_leak_auc",
    "train_network",
    "wilson_interval",
]
