"""Acting and learning of topoi.rl beside Keras and Stable-Baselines3.

``make bench TOPIC=rl`` runs it; `harness` says how. The first comparison is
of four ways to make a DQN update, the second of ways to choose one action,
the last of whole training runs on CartPole-v1 with the same settings, where
Stable-Baselines3 computes with PyTorch and we with Keras on TensorFlow.
"""

from collections.abc import Callable

from benchmarks import harness

bench = harness.Bench("rl", backend="tensorflow")

import keras  # noqa: E402
import numpy as np  # noqa: E402

from topoi import rl  # noqa: E402
from topoi.autodiff import make_step  # noqa: E402

PPO_STEPS, DQN_STEPS = 20_480, 5_120


def compare_updates() -> None:
    """Compare one DQN update: batch 64, network 4-64-64-2, Adam."""
    online, target = (rl.build_q_network(4, 2, 64, seed) for seed in (0, 1))
    rng = np.random.default_rng(7)
    x, after = rng.normal(size=(2, 64, 4)).astype(np.float32)
    action = rng.integers(2, size=64).astype(np.int32)
    reward, ended = np.ones(64, np.float32), np.zeros(64, np.float32)
    loss = rl.dqn_loss(online, target, 0.99, double=False)

    def shim(jit):
        step = make_step(
            loss,
            keras.optimizers.Adam(1e-3),
            online.trainable_variables,
            target.variables,
            jit=jit,
        )
        return lambda: step(x, action, reward, after, ended)

    online.compile(keras.optimizers.Adam(1e-3), "mse")

    def on_batch(predict):
        def call():
            q = np.array(predict(online)(x))
            value = np.asarray(predict(target)(after)).max(axis=-1)
            q[np.arange(64), action] = reward + 0.99 * (1 - ended) * value
            online.train_on_batch(x, q)

        return call

    programs = {
        "make_step": shim(jit=True),
        "make_step, not compiled": shim(jit=False),
        "train_on_batch + 2 predict_on_batch": on_batch(
            lambda model: model.predict_on_batch
        ),
        "train_on_batch + 2 predict": on_batch(
            lambda model: lambda x: model.predict(x, verbose=0)
        ),
    }
    bench.compare("one DQN update, batch 64", programs, agree=None)


def compare_actions() -> None:
    """Compare one greedy action of a 4-64-64-2 network."""
    model = rl.build_q_network(4, 2, 64, seed=0)
    x = np.ones((1, 4), np.float32)
    weights = model.get_weights()
    programs = {
        "topoi.rl.forward, NumPy": lambda: rl.forward(weights, x, "relu"),
        "predict_on_batch": lambda: model.predict_on_batch(x),
        "model(x)": lambda: keras.ops.convert_to_numpy(model(x)),
        "predict": lambda: model.predict(x, verbose=0),
    }
    bench.compare("values of one state, 4-64-64-2", programs)


def our_runs() -> dict[str, Callable[[], object]]:
    """Return our training runs."""
    quiet = {"n_evaluations": 1, "n_eval_episodes": 1}
    ppo = rl.PPOSettings(total_timesteps=PPO_STEPS, **quiet)
    dqn = rl.DQNSettings(total_timesteps=DQN_STEPS, double=False, **quiet)
    return {
        "PPO": lambda: rl.train_ppo("CartPole-v1", ppo, 0),
        "DQN": lambda: rl.train_dqn("CartPole-v1", dqn, 0),
    }


def peer_runs() -> dict[str, Callable[[], object]]:
    """Return the runs of Stable-Baselines3, or none if it is missing."""
    try:
        import torch
        from stable_baselines3 import DQN, PPO
        from stable_baselines3.common.env_util import make_vec_env
    except ImportError:
        return {}
    torch.set_num_threads(1)

    def ppo() -> None:
        environment = make_vec_env("CartPole-v1", n_envs=8, seed=0)
        PPO("MlpPolicy", environment, **PEER_PPO).learn(PPO_STEPS)

    def dqn() -> None:
        environment = make_vec_env("CartPole-v1", n_envs=1, seed=0)
        DQN("MlpPolicy", environment, **PEER_DQN).learn(DQN_STEPS)

    return {"PPO": ppo, "DQN": dqn}


PEER_PPO = {
    "n_steps": 128,
    "batch_size": 256,
    "n_epochs": 4,
    "learning_rate": 1e-3,
    "ent_coef": 0.01,
    "device": "cpu",
}
PEER_DQN = {
    "learning_rate": 1e-3,
    "batch_size": 64,
    "buffer_size": 100_000,
    "learning_starts": 1_000,
    "train_freq": 128,
    "gradient_steps": 64,
    "target_update_interval": 128,
    "policy_kwargs": {"net_arch": [128, 128]},
    "device": "cpu",
}


def compare_runs() -> None:
    """Compare training runs, compilation included."""
    peers = peer_runs()
    for name, ours in our_runs().items():
        programs = {f"topoi.rl.train_{name.lower()}": ours}
        if name in peers:
            programs["Stable-Baselines3"] = peers[name]
        steps = PPO_STEPS if name == "PPO" else DQN_STEPS
        bench.compare(
            f"{name}, {steps:,} steps of CartPole", programs, agree=None
        )


if __name__ == "__main__":
    compare_updates()
    compare_actions()
    compare_runs()
    bench.store()
