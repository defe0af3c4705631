"""Variables: where their values come from, which word is the last, and what becomes of them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from conftest import Project
from spec_writing import Loaded, load_specs, told

from reconciler.diagnostics import Diagnostics
from reconciler.language.functions import standard_functions
from reconciler.language.mistakes import ValueMistake
from reconciler.language.values import Sensitive, Unknown
from reconciler.spec.given import GivenFile, GivenOption
from reconciler.spec.variables import (
    VariableScope,
    default_value,
    resolve_variables,
    variable_value,
)


def resolved(loaded: Loaded, *, required: bool = True) -> tuple[dict[str, object], list[str]]:
    """The values, and what was told on the way."""
    found = Diagnostics()
    functions = standard_functions()
    values = resolve_variables(loaded.spec, found, functions=functions, required=required)
    return values, [*loaded.told, *(told(each) for each in found)]


def value(folder: Path, variable: str, text: str) -> object:
    """What `-var x=text` makes of one variable declared as *variable*."""
    loaded = load_specs(
        folder, f'variable "x" {{\n{variable}\n}}\n', given=[GivenOption(f"x={text}")]
    )
    values, said = resolved(loaded)
    assert said == []
    return values["x"]


# Where values come from


WORDS = 'variable "x" {\n  default = "spec"\n}\n'

SOURCES: list[tuple[str, dict[str, str], dict[str, str]]] = [
    ("spec", {}, {}),
    ("environment", {}, {"TF_VAR_x": "environment"}),
    ("plain", {"terraform.tfvars": 'x = "plain"\n'}, {"TF_VAR_x": "environment"}),
    ("json", {"terraform.tfvars": 'x = "plain"\n', "terraform.tfvars.json": '{"x": "json"}'}, {}),
    (
        "automatic",
        {"terraform.tfvars.json": '{"x": "json"}', "a.auto.tfvars": 'x = "automatic"\n'},
        {},
    ),
    ("second", {"a.auto.tfvars": 'x = "first"\n', "b.auto.tfvars.json": '{"x": "second"}'}, {}),
    ("spec", {"other.tfvars": 'x = "other"\n', ".hidden.auto.tfvars": 'x = "hidden"\n'}, {}),
]


@pytest.mark.parametrize(("last", "files", "environment"), SOURCES)
def test_later_words_win(
    last: str, files: dict[str, str], environment: dict[str, str], tmp_path: Path
) -> None:
    loaded = load_specs(tmp_path, {"main.tf": WORDS, **files}, environment=environment)
    assert resolved(loaded) == ({"x": last}, [])


def test_options_win_over_all_and_the_last_of_them_wins(tmp_path: Path) -> None:
    files = {"main.tf": WORDS, "terraform.tfvars": 'x = "plain"\n', "v.tfvars": 'x = "file"\n'}
    option, file = GivenOption("x=option"), GivenFile(tmp_path / "v.tfvars")
    assert resolved(load_specs(tmp_path, files, given=[option, file]))[0] == {"x": "file"}
    assert resolved(load_specs(tmp_path, files, given=[file, option]))[0] == {"x": "option"}


def test_an_option_may_hold_equals_signs(tmp_path: Path) -> None:
    assert value(tmp_path, "type = string", "a=b=c") == "a=b=c"


# How text is read


@pytest.mark.parametrize(
    ("type_", "text", "expected"),
    [
        ("", "[1]", "[1]"),
        ("type = string", '"quoted"', '"quoted"'),
        ("type = string", "${x}", "${x}"),
        ("type = number", "42", 42),
        ("type = number", "1.5", Decimal("1.5")),
        ("type = bool", "true", True),
        ("type = any", "[1, 2]", [1, 2]),
        ("type = any", '"a"', "a"),
        ("type = list(string)", '["a", 1]', ["a", "1"]),
        ("type = set(string)", '["b", "a", "b"]', ["a", "b"]),
        ("type = map(number)", '{ a = "1" }', {"a": 1}),
        ("type = object({ a = string, b = optional(number, 3) })", "{ a = 1 }", {"a": "1", "b": 3}),
        ("type = object({ a = optional(string) })", "{}", {"a": None}),
        ("type = tuple([string, bool])", '[1, "true"]', ["1", True]),
    ],
)
def test_text_is_read_by_the_type(type_: str, text: str, expected: object, tmp_path: Path) -> None:
    found = value(tmp_path, f"  {type_}", text)
    assert found == expected
    assert type(found) is not str or isinstance(expected, str)


def test_defaults_reach_into_what_is_nested(tmp_path: Path) -> None:
    type_ = """
      type = list(object({
        name = string
        talk = optional(object({ role = optional(string, "user"), text = string }), { text = "hi" })
      }))
    """
    found = value(tmp_path, type_, '[{ name = "a" }, { name = "b", talk = { text = "yo" } }]')
    assert found == [
        {"name": "a", "talk": {"role": "user", "text": "hi"}},
        {"name": "b", "talk": {"role": "user", "text": "yo"}},
    ]


# What becomes of a value


def test_a_sensitive_variable_is_marked_as_a_whole(tmp_path: Path) -> None:
    found = value(tmp_path, "  sensitive = true\n  type = list(string)", '["k"]')
    assert isinstance(found, Sensitive)
    assert found.value == ["k"]


def test_null_is_a_value_where_a_variable_is_nullable(tmp_path: Path) -> None:
    assert value(tmp_path, '  type = list(string)\n  default = ["d"]', "null") is None


def test_null_is_the_default_where_a_variable_is_not_nullable(tmp_path: Path) -> None:
    declared = '  type = list(string)\n  default = ["d"]\n  nullable = false'
    assert value(tmp_path, declared, "null") == ["d"]


def test_null_is_refused_where_there_is_nothing_else(tmp_path: Path) -> None:
    loaded = load_specs(tmp_path, 'variable "x" {\n  nullable = false\n}\n')
    with pytest.raises(ValueMistake):
        variable_value(loaded.spec.root.variables["x"], None)


def test_a_value_nobody_gives_is_the_default(tmp_path: Path) -> None:
    loaded = load_specs(tmp_path, 'variable "x" {\n  type = number\n  default = "3"\n}\n')
    assert default_value(loaded.spec.root.variables["x"]) == 3


# Mistakes


REQUIRED = 'variable "x" {}\n'


def test_a_required_variable_names_every_way_to_set_it(tmp_path: Path) -> None:
    found = Diagnostics()
    values = resolve_variables(load_specs(tmp_path, REQUIRED).spec, found)
    (only,) = found
    assert told(only) == "error main.tf:1:1 No value for required variable"
    for way in ("-var", "-var-file", "terraform.tfvars", ".auto.tfvars", "TF_VAR_x"):
        assert way in only.detail
    assert isinstance(values["x"], Unknown)


def test_a_check_of_the_spec_needs_no_values(tmp_path: Path) -> None:
    values, said = resolved(load_specs(tmp_path, REQUIRED), required=False)
    assert said == []
    assert isinstance(values["x"], Unknown)


def test_an_undeclared_variable_is_an_error_on_the_command_line(tmp_path: Path) -> None:
    loaded = load_specs(
        tmp_path, 'variable "name" { default = 1 }\n', given=[GivenOption("nmae=2")]
    )
    found = Diagnostics()
    resolve_variables(loaded.spec, found)
    (only,) = found
    assert told(only) == "error Value for undeclared variable"
    assert 'Did you mean "name"?' in only.detail


def test_an_undeclared_variable_is_a_warning_in_a_file(tmp_path: Path) -> None:
    files = {"main.tf": "locals {}\n", "terraform.tfvars": "a = 1\nother = 2\n"}
    _, said = resolved(load_specs(tmp_path, files))
    assert said == [
        "warning terraform.tfvars:1:1 Value for undeclared variable",
        "warning terraform.tfvars:2:1 Value for undeclared variable",
    ]


def test_an_undeclared_variable_is_nothing_in_the_environment(tmp_path: Path) -> None:
    loaded = load_specs(tmp_path, "locals {}\n", environment={"TF_VAR_y": "1", "TF_VAR_": "2"})
    assert resolved(loaded) == ({}, [])


@pytest.mark.parametrize("text", ["x", "=1", "1x=2", ""])
def test_an_option_that_is_no_assignment(text: str, tmp_path: Path) -> None:
    loaded = load_specs(tmp_path, WORDS, given=[GivenOption(text)])
    assert loaded.told == ["error Invalid -var option"]


def test_a_variable_file_that_is_not_there(tmp_path: Path) -> None:
    loaded = load_specs(tmp_path, WORDS, given=[GivenFile(tmp_path / "nope.tfvars")])
    assert loaded.told == ["error Unreadable file"]
    assert "nope.tfvars" in loaded.details


BAD_FILES = {
    "a block": ("a.auto.tfvars", "x = 1\nb {}\n", ['error a.auto.tfvars:2:1 Unexpected "b" block']),
    "a reference": (
        "a.auto.tfvars",
        "x = var.y\n",
        ["error a.auto.tfvars:1:5 Variables not allowed"],
    ),
    "a call": (
        "a.auto.tfvars",
        'x = upper("a")\n',
        ["error a.auto.tfvars:1:5 Functions not allowed"],
    ),
    "broken JSON": (
        "a.auto.tfvars.json",
        '{"x":\n }',
        ["error a.auto.tfvars.json:2:2 Invalid JSON"],
    ),
    "JSON that is no object": ("a.auto.tfvars.json", "[1]", ["error Invalid variable file"]),
    "JSON with NaN": ("a.auto.tfvars.json", '{"x": NaN}', ["error Invalid JSON"]),
    "deep JSON": (
        "a.auto.tfvars.json",
        '{"x": ' + "[" * 300 + "]" * 300 + "}",
        ["error Invalid variable file"],
    ),
    "bottomless JSON": ("a.auto.tfvars.json", "[" * 100_000, ["error Invalid JSON"]),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_variable_file_is_told(case: str, tmp_path: Path) -> None:
    name, text, expected = BAD_FILES[case]
    assert load_specs(tmp_path, {"main.tf": WORDS, name: text}).told == expected


def test_a_value_that_does_not_fit_says_who_gave_it(tmp_path: Path) -> None:
    files = {
        "main.tf": 'variable "n" {\n  type = number\n}\nvariable "l" {\n  type = list(number)\n}\n',
        "terraform.tfvars": 'l = [1, "x"]\n',
    }
    loaded = load_specs(tmp_path, files, environment={"TF_VAR_n": "many"})
    found = Diagnostics()
    resolve_variables(loaded.spec, found)
    first, second = found
    assert told(first) == "error main.tf:1:1 Invalid value for input variable"
    assert "given by TF_VAR_n does not fit var.n" in first.detail
    assert told(second) == "error terraform.tfvars:1:1 Invalid value for input variable"
    assert "[1]:" in second.detail


def test_an_expression_in_an_option_that_is_none(tmp_path: Path) -> None:
    declared = 'variable "x" {\n  type = list(string)\n}\n'
    loaded = load_specs(tmp_path, declared, given=[GivenOption('x=["a"')])
    found = Diagnostics()
    resolve_variables(loaded.spec, found)
    assert [each.subject and each.subject.path for each in found] == ["<-var x=...>"]


# Validation


VALIDATED = """
variable "role" {
  validation {
    condition     = contains(["user", "assistant"], var.role)
    error_message = "The role is user or assistant, not ${var.role}."
  }
}
"""


def test_a_validation_rule_that_holds_says_nothing(tmp_path: Path) -> None:
    loaded = load_specs(tmp_path, VALIDATED, given=[GivenOption("role=user")])
    assert resolved(loaded) == ({"role": "user"}, [])


def test_a_validation_rule_that_fails_says_its_message(tmp_path: Path) -> None:
    loaded = load_specs(tmp_path, VALIDATED, given=[GivenOption("role=system")])
    found = Diagnostics()
    resolve_variables(loaded.spec, found, functions=standard_functions())
    (only,) = found
    assert only.summary == "Invalid value for variable"
    assert only.detail.startswith("The role is user or assistant, not system.")
    assert "main.tf:2:3" in only.detail


def test_a_failing_rule_points_at_the_file_that_gave_the_value(tmp_path: Path) -> None:
    files = {"main.tf": VALIDATED, "terraform.tfvars": '\nrole = "x"\n'}
    _, said = resolved(load_specs(tmp_path, files))
    assert said == ["error terraform.tfvars:1:1 Invalid value for variable"]


def test_a_rule_may_look_at_other_variables(tmp_path: Path) -> None:
    text = """
        variable "low" {
          type = number
        }
        variable "high" {
          type = number
          validation {
            condition     = var.high > var.low
            error_message = "Too low."
          }
        }
    """
    options = [GivenOption("low=3"), GivenOption("high=2")]
    _, said = resolved(load_specs(tmp_path, text, given=options))
    assert said == ["error main.tf:4:1 Invalid value for variable"]


def test_a_rule_about_more_than_variables_is_left_to_others(tmp_path: Path) -> None:
    text = VALIDATED.replace('["user", "assistant"]', "local.roles") + "locals {\n  roles = []\n}\n"
    loaded = load_specs(tmp_path, text, given=[GivenOption("role=x")])
    assert resolved(loaded) == ({"role": "x"}, [])


def test_an_unknown_value_is_not_held_against_rules(tmp_path: Path) -> None:
    assert resolved(load_specs(tmp_path, VALIDATED), required=False)[1] == []


def test_a_sensitive_value_is_not_told_by_its_rule(tmp_path: Path) -> None:
    text = VALIDATED.replace('"role" {\n', '"role" {\n  sensitive = true\n')
    loaded = load_specs(tmp_path, text, given=[GivenOption("role=hunter2")])
    found = Diagnostics()
    resolve_variables(loaded.spec, found, functions=standard_functions())
    (only,) = found
    assert "hunter2" not in only.detail


def test_a_rule_that_cannot_be_evaluated_says_why(tmp_path: Path) -> None:
    text = VALIDATED.replace('contains(["user", "assistant"], var.role)', "var.role.name == 1")
    _, said = resolved(load_specs(tmp_path, text, given=[GivenOption("role=x")]))
    assert len(said) == 1
    assert said[0].startswith("error main.tf:3:")


def test_a_rule_must_be_true_or_false(tmp_path: Path) -> None:
    text = VALIDATED.replace('contains(["user", "assistant"], var.role)', "var.role")
    _, said = resolved(load_specs(tmp_path, text, given=[GivenOption("role=x")]))
    assert said == ["error main.tf:3:21 Invalid validation condition"]


def test_defaults_reach_into_what_is_secret(tmp_path: Path) -> None:
    text = 'variable "x" {\n  type = object({ a = optional(string, "d") })\n}\n'
    variable = load_specs(tmp_path, text).spec.root.variables["x"]
    assert variable_value(variable, Sensitive({})) == Sensitive({"a": "d"})


def test_defaults_of_tuple_elements(tmp_path: Path) -> None:
    type_ = 'type = tuple([string, object({ a = optional(string, "d"), b = optional(string) })])'
    assert value(tmp_path, type_, '["x", {}]') == ["x", {"a": "d", "b": None}]


def test_a_default_of_null_for_an_attribute_is_none_at_all(tmp_path: Path) -> None:
    assert value(tmp_path, "type = object({ a = optional(string, null) })", "{}") == {"a": None}


def test_a_scope_of_rules_has_variables_and_nothing_else() -> None:
    with pytest.raises(LookupError):
        VariableScope({}, {}).root("local")


def test_a_bad_option_hides_no_mistake_of_a_variable_file(project: Project) -> None:
    project.write('variable "n" {\n  type = number\n}\n')
    project.write('n = "x"\n', "terraform.tfvars")
    ended = project("plan", "-var", "bad name=3")
    assert ended.code == 1
    assert "Invalid -var option" in ended.err
    assert "Invalid value for input variable" in ended.err
    assert "terraform.tfvars:1:1" in ended.err


def test_a_refused_value_is_shown_and_a_null_condition_is_none(project: Project) -> None:
    project.write(
        """
        variable "n" {
          default = 3
          validation {
            condition     = var.n < 2
            error_message = "Too many."
          }
          validation {
            condition     = var.n == 3 ? null : true
            error_message = "Never said."
          }
        }
        """
    )
    ended = project("plan")
    assert ended.code == 1
    assert "var.n is 3" in ended.err
    assert "Invalid validation condition" in ended.err
    assert "Never said." not in ended.err
