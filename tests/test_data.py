"""The synthetic tasks have the null model and the noise floor that the chapters name."""

import pytest
import torch

from reglab.data import digits, epochs_of_batches, linear_task


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_null_and_floor_are_what_they_should_be():
    data, w = linear_task(generator(), n_test=100_000)
    assert data.X.shape == (60, 50) and data.y_val.shape == (60,)
    torch.testing.assert_close(w.norm(), torch.tensor(2.0))
    assert abs(((data.X_test @ w - data.y_test) ** 2).mean() - 1) < 0.02
    assert abs(data.y_test.var() - 5) < 0.1


def test_sparse_weights():
    _, w = linear_task(generator(), nonzero=4)
    assert (w != 0).sum() == 4
    torch.testing.assert_close(w.norm(), torch.tensor(2.0))


def test_same_seed_same_task():
    first, second = linear_task(generator(3))[0], linear_task(generator(3))[0]
    assert all(map(torch.equal, first, second))
    assert not torch.equal(first.y, linear_task(generator(4))[0].y)


@pytest.mark.parametrize(
    "wrong", [{"n_train": 0}, {"num_inputs": -1}, {"nonzero": 0}, {"nonzero": 51}]
)
def test_bad_sizes_are_named(wrong):
    ((name, value),) = wrong.items()
    with pytest.raises(ValueError, match=f"{name}={value}"):
        linear_task(generator(), **wrong)


def test_every_epoch_visits_every_example_once():
    order = epochs_of_batches(generator(), 60, 20, 5)
    assert order.shape == (5, 3, 20)
    assert all(
        torch.equal(epoch.flatten().sort().values, torch.arange(60)) for epoch in order
    )
    assert not torch.equal(order[0], order[1])
    with pytest.raises(ValueError, match="batch_size=7"):
        epochs_of_batches(generator(), 60, 7, 5)


def test_digits():
    X, y = digits()
    assert X.shape == (1797, 64) and X.min() == 0 and X.max() == 1
    assert set(y.tolist()) == set(range(10))
