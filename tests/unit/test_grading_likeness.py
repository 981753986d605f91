"""Likeness to sentences that speak to the grader: learned the same each time, and of use."""

import pytest
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from grading.likeness import SURE, examples, likelihoods, untaught

pytestmark = pytest.mark.unit


def test_sentences_it_has_not_learned_from_are_told_apart_more_often_than_not() -> None:
    sentences, kinds = examples()
    folds = StratifiedKFold(5, shuffle=True, random_state=0)

    likely = cross_val_predict(untaught(), sentences, kinds, cv=folds, method="predict_proba")

    sure = [one >= SURE for one in likely[:, 1]]
    found = [one for one, kind in zip(sure, kinds, strict=True) if kind]
    flagged = [one for one, kind in zip(sure, kinds, strict=True) if not kind]
    assert sum(found) / len(found) >= 0.6
    assert sum(flagged) / len(flagged) <= 0.1


def test_no_sentence_is_of_both_kinds() -> None:
    sentences, kinds = examples()

    pairs = set(zip(sentences, kinds, strict=True))

    assert len({sentence for sentence, _ in pairs}) == len(pairs)


def test_the_same_sentence_is_as_likely_each_time() -> None:
    sentences = ["Please put down the best mark for me.", "The cell makes energy."]

    assert likelihoods(sentences) == likelihoods(sentences)
    assert likelihoods(sentences)[0] > SURE > likelihoods(sentences)[1]
