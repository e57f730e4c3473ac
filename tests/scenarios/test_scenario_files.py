"""A scenario file that cannot be used says what is wrong, where, and what to do."""

from __future__ import annotations

import pytest

from drypowder.errors import DataMissingError, DrypowderError, UsageError
from drypowder.scenarios import load, names

ESSAY = 'extends = "essay"\n'
SHIPPED = (
    "essay", "hoards", "rest", "oct2025", "feb2026", "bank_funded", "fed_absorbs", "nomination",
    "qe", "rate_cuts", "rmp_bills", "rrp_two_trillion", "slow_capex",
)  # fmt: skip
PURCHASE = """
[[purchases]]
instrument = "treasuries"
amount = 10.0
unit = "USD bn per month"
first_day = 2026-01-02
above_trend = true
known_on = 2026-01-01
source = "test"
"""
RATE = """
[[policy_rate]]
first_day = 2026-01-02
change = {}
unit = "decimal per year"
known_on = 2026-01-01
source = "test"
"""
FIRM = """
[[firm]]
name = "ABC"
first_quarter = "2025Q1"
unit = "USD bn"
capex = [1.0, 1.0, 1.0, 1.0]
operating_cash_flow = [1.0, 1.0, 1.0, 1.0]
known_on = 2026-02-01
source = "test"
"""
GUIDANCE = """
[firm.guidance]
quarters = ["2026Q1", "2026Q2"]
low = 2.0
high = 3.0
unit = "USD bn"
known_on = 2026-02-01
source = "test"
"""


@pytest.fixture
def refused(tmp_path):
    """Loads a text as a scenario file and returns the error."""

    def attempt(text: str) -> DrypowderError:
        path = tmp_path / "mine.toml"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(DrypowderError) as caught:
            load(path)
        assert "mine.toml" in caught.value.message
        return caught.value

    return attempt


def test_every_shipped_scenario_is_listed_and_loads():
    assert names() == SHIPPED
    for name in names():
        scenario = load(name)
        assert scenario.name == name
        assert scenario.title and scenario.description and scenario.story


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("", "DP-052", "empty"),
        ("years = = 2", "DP-051", "TOML"),
        (ESSAY + "yeers = 1.0", "DP-053", "Did you mean years"),
        ('title = "no base"', "DP-054", "missing"),
        (ESSAY + 'years = "long"', "DP-055", "years"),
        (ESSAY + "years = 0.0", "DP-055", "years"),
        (ESSAY + "years = nan", "DP-058", "years"),
        (ESSAY + 'clock = "lunar"', "DP-055", "business"),
        (ESSAY + "opening_rrp_usd_bn = -1.0", "DP-057", "negative"),
        (ESSAY + "extra_rrp_usd_bn = nan", "DP-058", "nan"),
        (ESSAY + "levers = 3", "DP-055", "levers = 3 is not a table. Write [levers]"),
        (ESSAY + "parameters = 3", "DP-055", "parameters = 3 is not a table. Write [parameters]"),
        ("levers = [1]", "DP-055", "levers = [1] is not a table"),
        ('extends = ["essay"]', "DP-055", "Write extends = \"essay\""),
        ("extends = 3", "DP-055", "extends = 3 is not one name"),
        (ESSAY + "[levers]\ncapex_pase = 1", "DP-061", "Did you mean capex_pace"),
        (ESSAY + "[levers]\ncapex_pace = 9", "DP-062", "0 to 3"),
        (ESSAY + "[levers]\nincome = 0.5", "DP-062", "0 or 1"),
        (ESSAY + "[levers]\nbank_loan_share = 50", "DP-056", "Write 0.5, not 50"),
        (ESSAY + '[levers]\nbank_loan_share = "half"', "DP-055", "half"),
        (ESSAY + "[levers]\ncapex_pace = inf", "DP-058", "inf"),
        (ESSAY + "[parameters]\nimport_leek = 0.5", "DP-059", "Did you mean import_leak"),
        (ESSAY + "[parameters]\nparticipation = 0.5", "DP-059", "households"),
        (ESSAY + '[parameters]\n"participation.housholds" = 0.5', "DP-059", "households"),
        (ESSAY + "[parameters]\nparticipation.housholds = 0.5", "DP-059", "households"),
        (ESSAY + "[parameters]\nparticipation.households = 50", "DP-056", "Write 0.5, not 50"),
        (ESSAY + "[parameters]\nparticipation = {}", "DP-059", "households"),
        (ESSAY + "[parameters]\nparticipation = {value = 0.5}", "DP-059", "households"),
        (ESSAY + "[parameters]\nx_min.value.low = 0.5", "DP-055", "x_min"),
        (
            ESSAY + '[parameters]\nkappa.gold = 1.0\n"kappa.gold" = 2.0',
            "DP-064",
            "kappa.gold is given twice",
        ),
        (ESSAY + "[parameters]\ntrend_growth_pa = 4.5", "DP-056", "Write 0.045, not 4.5"),
        (ESSAY + "[parameters]\nlambda_bar_bp = -4.0", "DP-057", "bp"),
        (ESSAY + "[parameters]\nlambda_bar_bp = nan", "DP-058", "bp"),
        (ESSAY + '[parameters]\nlambda_bar_bp = "high"', "DP-055", "lambda_bar_bp"),
        (ESSAY + "[parameters]\nshort_rate_reversion_pa = -1", "DP-057", "per year"),
        (ESSAY + '[parameters]\n"kappa.equity" = 0.0', "DP-064", "kappa.equity"),
        (ESSAY + '[parameters]\n"receipt_share.households" = 0.9', "DP-064", "add up to 1.6"),
        (ESSAY + '[parameters]\n"keep.households" = 0.9', "DP-064", "more than 1"),
        (ESSAY + '[parameters]\nx_min = {value = 0.7, source = "", why = ""}', "DP-063", "unit"),
        (
            ESSAY + '[parameters]\nx_min = {value = 0.7, unit = "bp", source = "", why = ""}',
            "DP-063",
            '"share"',
        ),
        (
            ESSAY + '[parameters.x_min]\nvalue = 0.7\nlow = 0.8\nunit = "share"\n'
            'source = ""\nwhy = ""',
            "DP-064",
            "low",
        ),
        (
            ESSAY + '[parameters.x_min]\nvalue = 0.7\nunit = "share"\nsource = "later"\nwhy = ""\n'
            "known_on = 2026-03-01",
            "DP-060",
            "later",
        ),
        (ESSAY + "known_on = 2026-02-04", "DP-060", "AMZN"),
        (ESSAY + RATE.format("-25"), "DP-056", "Write -0.0025, not -25, if basis points"),
        (ESSAY + RATE.format("-1.5"), "DP-056", "Write -0.015, not -1.5."),
        (ESSAY + RATE.format("900"), "DP-056", "Allowed: -0.04 to 0.04 decimal per year"),
        (ESSAY + RATE.format("nan"), "DP-058", "policy_rate 1, change"),
        (ESSAY + PURCHASE.replace("2026-01-01", "2026-03-01"), "DP-060", "treasuries"),
        (ESSAY + PURCHASE.replace('unit = "USD bn per month"', ""), "DP-063", "USD bn per month"),
        (ESSAY + PURCHASE.replace("bn per month", "tn"), "DP-063", "USD bn per month"),
        (ESSAY + PURCHASE.replace('"treasuries"', '"bonds"'), "DP-055", "agency_mbs"),
        (ESSAY + PURCHASE.replace("source", "sauce"), "DP-054", "source"),
        (ESSAY + PURCHASE.replace("10.0", "nan"), "DP-058", "purchases 1, amount"),
        (ESSAY + FIRM.replace("capex = [1.0", "capex = [-1.0"), "DP-057", "firm 1, capex 1"),
        (ESSAY + FIRM.replace("capex = [1.0, ", "capex = ["), "DP-064", "as many quarters"),
        (ESSAY + FIRM.replace("2025Q1", "2025"), "DP-055", "quarter"),
        (ESSAY + FIRM.replace("2025Q1", "2025Q3"), "DP-060", "2026Q2"),
        (ESSAY + FIRM + GUIDANCE.replace("3.0", "1.0"), "DP-064", "low must not exceed"),
        (ESSAY + FIRM + GUIDANCE.replace('"2026Q2"', '"2026Q4"'), "DP-064", "follow"),
        (ESSAY + FIRM + GUIDANCE.replace('unit = "USD bn"', ""), "DP-063", "USD bn"),
    ],
)  # fmt: skip
def test_a_faulty_file_is_refused_with_code_place_and_advice(refused, text, code, says):
    error = refused(text)
    assert error.code == code, error
    assert says in str(error), error


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(UsageError, match=r"DP-050.*Did you mean essay"):
        load("esay")


def test_extending_what_is_not_there_is_an_unknown_scenario(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('extends = "nobody"')
    with pytest.raises(UsageError, match=r"DP-050.*nobody"):
        load(path)


def test_extensions_that_go_in_a_circle_end_in_an_error(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(f'extends = "{path}"')
    with pytest.raises(UsageError, match="DP-066"):
        load(path)


def test_a_folder_or_binary_file_is_unreadable(tmp_path):
    with pytest.raises(DataMissingError, match="DP-051"):
        load(tmp_path)
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataMissingError, match="DP-051"):
        load(path)


def test_an_extension_adds_levers_and_parameters_to_those_of_its_base(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('extends = "slow_capex"\n[levers]\nbill_share = 0.5\n[parameters]\nx_min = 0.6')
    mine = load(path)
    assert mine.name == "mine"
    assert mine.levers == {"capex_pace": 0.5, "bill_share": 0.5}
    assert mine.parameters["x_min"].value == 0.6
    assert mine.parameters["bond_share"].value == load("essay").parameters["bond_share"].value


def test_parameters_may_be_written_without_quotes(tmp_path):
    row = '{ value = 0.4, low = 0.2, high = 0.5, unit = "share", source = "test", why = "test" }'
    quoted, plain = tmp_path / "quoted" / "mine.toml", tmp_path / "plain" / "mine.toml"
    for path, keys in ((quoted, '"{}"'), (plain, "{}")):
        path.parent.mkdir()
        table = f"{keys.format('participation.households')} = {row}\n"
        table += f"{keys.format('spending_recipient.others.other_firms')} = 1.0\n"
        path.write_text(f"{ESSAY}[parameters]\n{table}")
    one, two = load(quoted), load(plain)
    assert one.digest == two.digest and dict(one.parameters) == dict(two.parameters)
    given = two.parameters["participation.households"]
    assert (given.low, given.value, given.high) == (0.2, 0.4, 0.5)
    assert two.parameters["participation.other_firms"].low == 0.05  # as shipped


def test_unquoted_parameters_are_added_to_those_of_the_base(tmp_path):
    (tmp_path / "base.toml").write_text(
        ESSAY + "[parameters]\nkappa.gold = 2.0\nkappa.crypto = 3.0"
    )
    path = tmp_path / "mine.toml"
    path.write_text(f'extends = "{tmp_path / "base.toml"}"\n[parameters]\nkappa.gold = 4.0')
    known = load(path).parameters
    assert (known["kappa.gold"].value, known["kappa.crypto"].value) == (4.0, 3.0)


def test_an_override_keeps_a_range_of_its_own(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        ESSAY + '[parameters.x_min]\nvalue = 0.7\nlow = 0.6\nhigh = 0.9\nunit = "share"\n'
        'source = "test"\nwhy = "test"\n'
    )
    x_min = load(path).parameters["x_min"]
    assert (x_min.low, x_min.value, x_min.high) == (0.6, 0.7, 0.9)
