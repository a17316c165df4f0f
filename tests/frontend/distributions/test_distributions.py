"""Distributions by their formulas, their samples by their moments and by TensorFlow's numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import flowc as tf

ds: Any = tf.distributions


def run(fetches: Any, feeds: Any = None) -> Any:
    with tf.Session() as session:
        return session.run(fetches, feeds)


MAKERS: dict[str, tuple[Callable[[float], Any], Any]] = {
    "Normal": (lambda a: ds.Normal([0.5, a], [1.0, 2.0]), [0.0, 1.5]),
    "Uniform": (lambda a: ds.Uniform([0.0, 1.0], [a, a + 3.0]), [0.5, 2.0]),
    "Exponential": (lambda a: ds.Exponential([a, 0.5]), [0.5, 2.0]),
    "Gamma": (lambda a: ds.Gamma([a, 3.0], [1.0, 2.0]), [0.5, 2.0]),
    "Beta": (lambda a: ds.Beta([a, 3.0], [1.5, 2.0]), [0.3, 0.6]),
    "Laplace": (lambda a: ds.Laplace([a, 0.0], [1.0, 2.0]), [0.5, -1.0]),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_densities_are_slopes_and_samples_have_the_moments(kind: str) -> None:
    tf.set_random_seed(4)
    make, at = MAKERS[kind]
    found = make(2.0)
    assert found.batch_shape.as_list() == [2] and found.event_shape.as_list() == []
    x = np.array(at, "f")
    step = 1e-2
    slope = (found.cdf(x + step) - found.cdf(x - step)) / (2 * step)
    values = run(
        {
            "prob": found.prob(x),
            "log": found.log_prob(x),
            "slope": slope,
            "sample": found.sample(20000),
            "mean": found.mean(),
            "variance": found.variance(),
            "entropy": found.entropy(),
            "own": -found.log_prob(found.sample(20000)),
        }
    )
    # The third derivatives of these are below 60, so a difference over 0.02 is off by 1e-3.
    np.testing.assert_allclose(values["slope"], values["prob"], atol=1e-3)
    np.testing.assert_allclose(np.exp(values["log"]), values["prob"], rtol=1e-5)
    # Means over 20,000 samples: six standard errors, and what the fourth moments allow.
    error = 6 * np.sqrt(values["variance"] / 20000)
    assert (np.abs(values["sample"].mean(0) - values["mean"]) < error).all()
    np.testing.assert_allclose(values["sample"].var(0), values["variance"], rtol=0.15)
    np.testing.assert_allclose(values["own"].mean(0), values["entropy"], atol=0.05)


@pytest.mark.parametrize("kind", ["Normal", "Exponential", "Gamma", "Beta"])
def test_divergences_are_means_of_log_ratios(kind: str) -> None:
    tf.set_random_seed(5)
    make, _ = MAKERS[kind]
    a, b = make(2.0), make(1.5)
    x = a.sample(20000)
    found = run(
        [
            ds.kl_divergence(a, b),
            a.log_prob(x) - b.log_prob(x),
            a.cross_entropy(b),
            a.entropy(),
            a.kl_divergence(a),
        ]
    )
    np.testing.assert_allclose(found[0], found[1].mean(0), atol=0.02)
    np.testing.assert_allclose(found[2], found[3] + found[0], rtol=1e-5)
    np.testing.assert_allclose(found[4], [0, 0], atol=1e-6)


def test_whole_numbers() -> None:
    coin, same = ds.Bernoulli(probs=[0.3, 0.8]), ds.Bernoulli(logits=[math.log(3 / 7), 0.0])
    dice = ds.Categorical(probs=[[0.2, 0.3, 0.5]])
    found = run(
        {
            "coin": coin.prob([1, 0]),
            "logits": same.probs,
            "kl": coin.kl_divergence(same),
            "dice": dice.prob([1]),
            "below": dice.cdf([1]),
            "entropy": dice.entropy(),
            "mode": dice.mode(),
            "itself": dice.kl_divergence(dice),
        }
    )
    np.testing.assert_allclose(found["coin"], [0.3, 0.2], rtol=1e-5)
    np.testing.assert_allclose(found["logits"], [0.3, 0.5], rtol=1e-5)
    expected = 0.8 * math.log(0.8 / 0.5) + 0.2 * math.log(0.2 / 0.5)
    np.testing.assert_allclose(found["kl"], [0, expected], atol=1e-6)
    np.testing.assert_allclose(found["dice"], [0.3], rtol=1e-5)
    np.testing.assert_allclose(found["below"], [0.2], rtol=1e-5)
    entropy = -sum(p * math.log(p) for p in (0.2, 0.3, 0.5))
    np.testing.assert_allclose(found["entropy"], [entropy], rtol=1e-5)
    assert found["mode"].tolist() == [2] and abs(found["itself"][0]) < 1e-6
    with pytest.raises(ValueError, match="probs or logits"):
        ds.Bernoulli()


def test_samples_of_classes() -> None:
    tf.set_random_seed(6)
    dice = ds.Categorical(probs=[[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])
    sample = dice.sample([4000, 5])
    assert sample.shape.as_list() == [4000, 5, 2] and sample.dtype == tf.int32
    found = run(sample)
    shares = np.bincount(found[..., 0].ravel()) / 20000
    np.testing.assert_allclose(shares, [0.2, 0.3, 0.5], atol=0.02)
    assert (found[..., 1] == 0).all()


def test_shares() -> None:
    tf.set_random_seed(7)
    found = ds.Dirichlet([[1.0, 2.0, 3.0]])
    assert found.event_shape.as_list() == [3] and found.batch_shape.as_list() == [1]
    x = [[0.2, 0.3, 0.5]]
    values = run([found.prob(x), found.mean(), found.sample(5000), found.kl_divergence(found)])
    expected = math.gamma(6) / (math.gamma(2) * math.gamma(3)) * 0.3 * 0.5**2
    np.testing.assert_allclose(values[0], [expected], rtol=1e-4)
    np.testing.assert_allclose(values[2].mean(0), values[1], atol=0.02)
    assert abs(values[3][0]) < 1e-5


def test_tails_do_not_underflow() -> None:
    normal = ds.Normal(0.0, 1.0)
    found = run(
        [
            normal.log_cdf([-30.0, -5.0]),
            normal.log_survival_function([30.0]),
            normal.quantile([0.5, 0.975]),
        ]
    )
    # By the asymptotic series of erfc, and by math.erfc.
    expected = -450 - math.log(30) - 0.5 * math.log(2 * math.pi) - 1 / 900
    np.testing.assert_allclose(found[0][0], expected, rtol=1e-6)
    np.testing.assert_allclose(found[0][1], math.log(0.5 * math.erfc(5 / 2**0.5)), rtol=1e-5)
    np.testing.assert_allclose(found[1], [expected], rtol=1e-6)
    np.testing.assert_allclose(found[2], [0, 1.959964], atol=1e-5)


def test_samples_of_tensorflow() -> None:
    tf.set_random_seed(3)
    found = run(ds.Beta(np.array([0.5, 2.0], "f"), np.array([1.0, 3.0], "f")).sample(seed=5))
    np.testing.assert_allclose(found, [0.5154870748519897, 0.14402389526367188], rtol=1e-5)


def test_gradients_and_unknown_batches() -> None:
    loc = tf.placeholder(tf.float32, [None])
    normal = ds.Normal(loc, 2.0)
    loss = tf.reduce_sum(normal.kl_divergence(ds.Normal(0.0, 1.0)))
    sample = normal.sample(3)
    values = run(
        [tf.gradients(loss, loc)[0], tf.gradients(sample, loc)[0], sample], {loc: [1.0, -2.0]}
    )
    assert values[0].tolist() == [1, -2] and values[1].tolist() == [3, 3]
    assert values[2].shape == (3, 2)


def test_vectors_of_normal_numbers() -> None:
    many = tf.contrib.distributions.MultivariateNormalDiag([[0.0, 1.0]], [[1.0, 2.0]])
    each = ds.Normal([[0.0, 1.0]], [[1.0, 2.0]])
    other = tf.contrib.distributions.MultivariateNormalDiag([[1.0, 1.0]], [[1.0, 1.0]])
    found = run(
        [
            many.log_prob([[0.5, 0.5]]),
            tf.reduce_sum(each.log_prob([[0.5, 0.5]]), -1),
            many.kl_divergence(other),
        ]
    )
    assert many.event_shape.as_list() == [2] and many.sample(4).shape.as_list() == [4, 1, 2]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-6)
    np.testing.assert_allclose(found[2], [0.5 + 0.5 * (3 - math.log(4))], rtol=1e-5)


def test_formulas_of_a_programs_own() -> None:
    Fixed = type("Fixed", (ds.Normal,), {})
    ds.RegisterKL(Fixed, ds.Normal)(lambda a, b, name=None: tf.constant(7.0))
    assert run(ds.kl_divergence(Fixed(0.0, 1.0), ds.Normal(0.0, 1.0))) == 7
    with pytest.raises(ValueError, match="already been registered"):
        ds.RegisterKL(Fixed, ds.Normal)(lambda a, b: None)
    with pytest.raises(NotImplementedError, match="No KL"):
        ds.kl_divergence(ds.Uniform(), ds.Normal(0.0, 1.0))
    with pytest.raises(NotImplementedError, match="quantile is not implemented: Gamma"):
        ds.Gamma(1.0, 1.0).quantile(0.5)
    assert ds.Normal(0.0, 1.0).copy(scale=3.0).parameters["scale"] == 3.0
