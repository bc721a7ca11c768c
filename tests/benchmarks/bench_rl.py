"""Time acting and learning of topoi.rl beside Keras and Stable-Baselines3.

    python tests/benchmarks/bench_rl.py [PYTHON_OF_THE_PEER]

One thread, CPU seconds. The first table compares four ways to make a DQN
update, the second ways to choose one action, the third whole training runs
on CartPole-v1 with the same settings. Stable-Baselines3 runs in a process
of its own, with the interpreter named on the command line.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PPO_STEPS, DQN_STEPS = 20_480, 5_120


def median_ms(call: Callable[[], object], repeats: int = 25) -> float:
    """Return the median CPU milliseconds of a call, after two to warm up."""
    times = []
    for _ in range(repeats + 2):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return 1e3 * statistics.median(times[2:])


def updates() -> dict[str, float]:
    """Time one DQN update: batch 64, network 4-64-64-2, Adam."""
    import keras
    import numpy as np

    from topoi import rl
    from topoi.autodiff import make_step

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

    return {
        "make_step": median_ms(shim(jit=True)),
        "make_step, not compiled": median_ms(shim(jit=False)),
        "train_on_batch + 2 predict_on_batch": median_ms(
            on_batch(lambda model: model.predict_on_batch)
        ),
        "train_on_batch + 2 predict": median_ms(
            on_batch(lambda model: lambda x: model.predict(x, verbose=0)), 9
        ),
    }


def actions() -> dict[str, float]:
    """Time one greedy action of a 4-64-64-2 network."""
    import numpy as np

    from topoi import rl

    model = rl.build_q_network(4, 2, 64, seed=0)
    x = np.zeros((1, 4), np.float32)
    weights = model.get_weights()
    return {
        "NumPy (rl.forward)": median_ms(
            lambda: rl.forward(weights, x, "relu"), 200
        ),
        "predict_on_batch": median_ms(lambda: model.predict_on_batch(x)),
        "model(x)": median_ms(lambda: model(x)),
        "predict": median_ms(lambda: model.predict(x, verbose=0), 9),
    }


def our_runs() -> dict[str, float]:
    """Return environment steps a CPU second of our training loops."""
    from topoi import rl

    quiet = {"n_evaluations": 1, "n_eval_episodes": 1}
    ppo = rl.PPOSettings(total_timesteps=PPO_STEPS, **quiet)
    dqn = rl.DQNSettings(total_timesteps=DQN_STEPS, double=False, **quiet)
    return {
        "PPO": rate(lambda: rl.train_ppo("CartPole-v1", ppo, 0), PPO_STEPS),
        "DQN": rate(lambda: rl.train_dqn("CartPole-v1", dqn, 0), DQN_STEPS),
    }


def peer_runs() -> dict[str, float]:
    """Return the same of Stable-Baselines3 with the same settings."""
    import torch
    from stable_baselines3 import DQN, PPO
    from stable_baselines3.common.env_util import make_vec_env

    torch.set_num_threads(1)
    ppo = PPO(
        "MlpPolicy",
        make_vec_env("CartPole-v1", n_envs=8, seed=0),
        n_steps=128,
        batch_size=256,
        n_epochs=4,
        learning_rate=1e-3,
        ent_coef=0.01,
        device="cpu",
    )
    dqn = DQN(
        "MlpPolicy",
        make_vec_env("CartPole-v1", n_envs=1, seed=0),
        learning_rate=1e-3,
        batch_size=64,
        buffer_size=100_000,
        learning_starts=1_000,
        train_freq=128,
        gradient_steps=64,
        target_update_interval=128,
        policy_kwargs={"net_arch": [128, 128]},
        device="cpu",
    )
    return {
        "PPO": rate(lambda: ppo.learn(PPO_STEPS), PPO_STEPS),
        "DQN": rate(lambda: dqn.learn(DQN_STEPS), DQN_STEPS),
    }


def rate(train: Callable[[], object], steps: int) -> float:
    """Return steps a CPU second, compilation included."""
    start = time.process_time()
    train()
    return steps / (time.process_time() - start)


def ask_peer(python: str) -> dict[str, float]:
    """Run `peer_runs` under another interpreter."""
    from topoi import runtime  # here: the peer need not have it

    run = subprocess.run(
        [python, __file__, "--peer"],
        capture_output=True,
        text=True,
        env=os.environ | runtime.threads(),
    )
    if run.returncode:
        print("no peer:", run.stderr.strip().split("\n")[-1])
        return {}
    return json.loads(run.stdout.strip().split("\n")[-1])


def main(python: str) -> None:
    """Print the three tables."""
    from topoi import runtime

    runtime.setup("small", seed=7)
    print(runtime.device_report())
    for title, table in (("update", updates()), ("action", actions())):
        print(f"\n{title:<37} CPU ms   ratio")
        first = next(iter(table.values()))
        for name, ms in table.items():
            print(f"{name:<37} {ms:6.3f} {ms / first:7.1f}")
    ours, theirs = our_runs(), ask_peer(python)
    print("\nsteps a CPU second      ours   Stable-Baselines3   ratio")
    for name, value in ours.items():
        peer = theirs.get(name, float("nan"))
        print(f"{name:<20} {value:8.0f} {peer:19.0f} {value / peer:7.1f}")


if __name__ == "__main__":
    if sys.argv[1:] == ["--peer"]:
        print(json.dumps(peer_runs()))
    else:
        main(sys.argv[1] if len(sys.argv) > 1 else sys.executable)
