"""Answers in another language, and answers that only look so."""

import pytest

from exam_graph.foreign import is_foreign
from exam_graph.language import language_data
from exam_graph.paper import OpenQuestion
from exam_graph.rules import RulesUnderstanding
from exam_graph.understanding import Context, Heard

pytestmark = pytest.mark.unit

OTHER = {
    "en": [
        "Ich glaube, das ist die Antwort auf die Frage",
        "C'est la mitochondrie qui produit l'énergie de la cellule",
        "creo que es el núcleo de la célula",
        "penso che sia il nucleo della cellula",
        "bu hücrenin enerji üretmesini sağlar",
        "ja das weiss ich leider nicht so genau",
        "Die Zelle nutzt es um Energie zu gewinnen",
        "это энергетическая станция нашей клетки",
        "eu acho que é o núcleo da célula",
    ],
    "de": [
        "I think it is the powerhouse of the cell",
        "The membrane is made of a double layer of lipids",
        "C'est la mitochondrie qui produit l'énergie de la cellule",
        "creo que es el núcleo de la célula",
        "what was the question again I did not get it but I guess energy",
    ],
}

OWN = {
    "en": [
        "photosynthesis chlorophyll thylakoid stroma Calvin cycle",
        "Staphylococcus aureus, Escherichia coli, Saccharomyces cerevisiae",
        "adenine thymine cytosine guanine uracil",
        "alanine glycine serine threonine valine",
        "TCP UDP IP HTTP DNS",
        "Homo sapiens and Homo erectus",
        "it is de facto a priori in vitro",
        "sodium chloride potassium nitrate calcium carbonate",
        "mitochondria nucleus ribosome golgi apparatus",
        "the mitochondrion produces adenosine triphosphate",
        "two point five metres per second",
        "ATP synthase NADH FADH2 acetyl coenzyme A",
        "déjà vu",
        "Ich weiß nicht",
        "kinetic energy equals half m v squared",
        "prophase metaphase anaphase telophase cytokinesis",
        "Schadenfreude and Zeitgeist are German words",
        "oui oui",
        "Beethoven Mozart Bach Haydn Schubert",
        "pianissimo forte crescendo allegro andante",
        "vena cava superior, atrium, ventriculus, aorta",
        "um uh um uh um",
    ],
    "de": [
        "Mitose Meiose Prophase Metaphase Anaphase",
        "TCP SYN ACK three way handshake",
        "Adenin Thymin Cytosin Guanin Uracil",
        "das Transmission Control Protocol macht einen Handshake",
        "Natriumchlorid Kaliumnitrat Calciumcarbonat Magnesiumoxid Wasser",
        "I don't know",
        "Homo sapiens Homo erectus Homo habilis",
        "Cache Miss, Branch Prediction, Pipeline Stall",
        "zwei Komma fünf Meter pro Sekunde",
    ],
}


@pytest.mark.parametrize(
    ("language", "text"), [(name, text) for name, texts in OTHER.items() for text in texts]
)
def test_plainly_in_another_language(language: str, text: str) -> None:
    assert is_foreign(text, (), language_data(language))


@pytest.mark.parametrize(
    ("language", "text"), [(name, text) for name, texts in OWN.items() for text in texts]
)
def test_terms_of_a_subject_are_of_no_language(language: str, text: str) -> None:
    assert not is_foreign(text, (), language_data(language))


def test_words_of_the_question_do_not_count() -> None:
    key = "liberté, égalité, fraternité ou la mort"
    asked = OpenQuestion.model_validate(
        {
            "id": "motto",
            "kind": "open",
            "ask": "What was their motto?",
            "marks": 1,
            "points": [{"id": "a", "marks": 1, "looks_for": key}],
        }
    )
    rules = RulesUnderstanding()
    assert rules.decide(Heard(key), Context(asked)).notices == ()
    french = "je pense que c'était la devise de la république"
    understood = rules.decide(Heard(french), Context(asked))
    assert (understood.intent, understood.notices) == ("answer", ("other_language",))
