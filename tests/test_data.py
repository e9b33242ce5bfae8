"""The synthetic tasks have the null model and the noise floor that the chapters name."""

import pytest
import torch

from reglab.data import digits, digits_task, epochs_of_batches, linear_task


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


def test_digits_task_shares_no_image():
    data = digits_task(generator(), n_train=700, n_val=300)
    assert [len(y) for y in data[1::2]] == [700, 300, 797]
    assert data.X.shape == (700, 64) and data.X_test.shape == (797, 64)
    X, y = digits()
    order = torch.randperm(1797, generator=generator())
    torch.testing.assert_close(torch.cat(data[::2]), X[order], rtol=0, atol=0)
    torch.testing.assert_close(torch.cat(data[1::2]), y[order], rtol=0, atol=0)


def test_digits_task_may_leave_images_out():
    data = digits_task(generator(), n_train=10, n_val=0, n_test=20)
    assert [len(y) for y in data[1::2]] == [10, 0, 20]


@pytest.mark.parametrize(
    "sizes",
    [
        {"n_train": 0, "n_val": 1},
        {"n_train": 1, "n_val": -1},
        {"n_train": 1, "n_val": 1, "n_test": 0},
        {"n_train": 1000, "n_val": 797},
        {"n_train": 1000, "n_val": 700, "n_test": 98},
    ],
)
def test_bad_digits_task(sizes):
    with pytest.raises(ValueError, match=r"n_train=.*no more than 1797"):
        digits_task(generator(), **sizes)
