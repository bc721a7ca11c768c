"""Language: tokens, counting, attention, a Transformer, and a spam filter.

- `tokens`: byte pairs: train, encode, decode
- `counting`: n-gram models, and bits per character
- `vectors`: words as vectors, from counts of their neighbours
- `layers`: soft look-up, causal attention, a block, positions
- `models`: a Transformer from its parts, a recurrent peer, training
- `characters`: a model of characters that learns, scores and writes
- `circuits`: an induction head set by hand, and tasks that need one
- `generation`: sampling, and a Transformer that reads one token at a time
- `spam`: a linear filter, and the fewest words that get past it
- `drawing`: the induction head to explore

Tokens are integers from 0 on. Batches of sequences have shape
(batch, time).
"""

from topoi.language.characters import CharLM
from topoi.language.circuits import (
    bayes_chain,
    head_scores,
    induction_by_hand,
    induction_formula,
    markov_chains,
    repeated_words,
)
from topoi.language.counting import (
    SMOOTHINGS,
    NGram,
    bits_per_character,
    mix,
)
from topoi.language.drawing import explore_induction
from topoi.language.generation import (
    CachedTransformer,
    generate,
    sampling_distribution,
)
from topoi.language.layers import (
    CausalAttention,
    PreNormBlock,
    attention,
    causal_mask,
    sinusoids,
)
from topoi.language.models import (
    Settings,
    Transformer,
    build_recurrent,
    build_transformer,
    next_token_loss,
    train_next_token,
    word_accuracy,
)
from topoi.language.spam import (
    SpamFilter,
    add_words,
    bag,
    fewest_words,
    fit_filter,
    split_mails,
)
from topoi.language.tokens import BytePair, longest_match, split_pieces
from topoi.language.vectors import cooccurrence, nearest, ppmi, word_vectors

__all__ = [
    "BytePair",
    "CachedTransformer",
    "CausalAttention",
    "CharLM",
    "NGram",
    "PreNormBlock",
    "SMOOTHINGS",
    "Settings",
    "SpamFilter",
    "Transformer",
    "add_words",
    "attention",
    "bag",
    "bayes_chain",
    "bits_per_character",
    "build_recurrent",
    "build_transformer",
    "causal_mask",
    "cooccurrence",
    "explore_induction",
    "fewest_words",
    "fit_filter",
    "generate",
    "head_scores",
    "induction_by_hand",
    "induction_formula",
    "longest_match",
    "markov_chains",
    "mix",
    "nearest",
    "next_token_loss",
    "ppmi",
    "repeated_words",
    "sampling_distribution",
    "sinusoids",
    "split_mails",
    "split_pieces",
    "train_next_token",
    "word_accuracy",
    "word_vectors",
]
