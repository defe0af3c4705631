"""The properties of the fuzz targets, over what is kept of their inputs and what is near it."""

from __future__ import annotations

import fuzz
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

KEPT = [(target, path) for target in fuzz.TARGETS for path in fuzz.corpus_of(target)]


@pytest.mark.parametrize(("target", "path"), KEPT, ids=[f"{t}-{p.name}" for t, p in KEPT])
def test_what_is_kept_holds(target: str, path: fuzz.Path) -> None:
    fuzz.check_of(target)(path.read_bytes())


@pytest.mark.parametrize("target", fuzz.TARGETS)
def test_every_target_states_a_property_and_keeps_inputs(target: str) -> None:
    assert fuzz.import_module(f"fuzz.targets.{target}").__doc__
    assert fuzz.corpus_of(target)


@st.composite
def near(draw: st.DrawFn, inputs: list[bytes]) -> bytes:
    """One of *inputs* with stretches of it taken out, doubled, or put in from elsewhere."""
    data = draw(st.sampled_from(inputs))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 12)))
        other = draw(st.sampled_from(inputs))
        at = draw(st.integers(0, len(other)))
        put = draw(
            st.one_of(
                st.just(b""),
                st.just(data[start:end] * 2),
                st.just(other[at : at + 16]),
                st.binary(max_size=3),
                st.sampled_from([bytes([each]) for each in b'"{}[]()$%\\\n<~?:.,*']),
            )
        )
        data = data[:start] + put + data[end:]
    return data


@pytest.mark.parametrize("target", fuzz.TARGETS)
def test_what_is_near_holds(target: str) -> None:
    check = fuzz.check_of(target)
    inputs = [path.read_bytes() for path in fuzz.corpus_of(target)]

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(near(inputs) | st.binary(max_size=40))
    def holds(data: bytes) -> None:
        check(data)

    holds()
