"""How often pay comes, days and months, and sums as people of many places write them."""

from typing import Any

import pytest
from components.corridor import Corridor
from components.phrases import read_lexicon

CORRIDOR = Corridor(read_lexicon())


def only(kind: str, text: str) -> "list[Any]":
    return [entity["value"] for entity in CORRIDOR.entities(text) if entity["entity"] == kind]


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("1500 riyal per month", "month"), ("1500/month", "month"), ("20k/mo", "month"), ("salary 50 aed a day", "day"),
        ("my weekly wage", "week"), ("10 dollars an hour", "hour"), ("2 dollars per piece", "piece"),
        ("900 euros al mes", "month"), ("pagan 120 dolares por dia", "day"), ("4 mil a la semana", "week"),
        ("1200 euros par mois", "month"), ("5 euros de l'heure", "hour"), ("salaire mensuel", "month"),
        ("1500 ريال في الشهر", "month"), ("٩٠ يورو في اليوم", "day"), ("الراتب شهري", "month"),
        ("በወር 1500 ሪያል", "month"), ("5000 ብር በቀን", "day"), ("mshahara 20000 kwa mwezi", "month"),
        ("500 kwa siku", "day"), ("25 हजार महीने का", "month"), ("mahine ka 25 hazar", "month"),
        ("dihadi 500 rupaye", "day"), ("ماہانہ تنخواہ", "month"), ("800 درہم مہینے کے", "month"),
        ("শপ্তাহে ৫০০ টাকা", "week"), ("মাসে ২০ হাজার টাকা", "month"), ("masik beton", "month"),
        ("महिनाको ५०००० रुपैयाँ", "month"), ("mahina ko 1200 riyal", "month"), ("तलब मासिक", "month"),
        ("25k buwan-buwan", "month"), ("500 pesos kada araw", "day"), ("gaji 5 juta per bulan", "month"),
        ("100 ribu sehari", "day"), ("50 juta setahun", "year"),
    ],
)  # fmt: skip
def test_a_period_of_pay_is_told(text: str, period: str) -> None:
    assert only("pay_period", text) == [period]


@pytest.mark.parametrize(
    "text",
    ["12 hours a day", "800 riyal for 12 hours a day", "they beat me every day", "3 mahine ka vetan nahi mila",
     "saa 12 kwa siku bila mshahara", "din me 12 ghante kaam, salary 800", "once a month we go out", "৩ মাসের বেতন"],
)  # fmt: skip
def test_time_without_pay_is_no_period(text: str) -> None:
    assert only("pay_period", text) == []


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("I came 12/05/2026", "2026-05-12"), ("2026-11-22", "2026-11-22"), ("on 05/25/2026", "2026-05-25"),
        ("12.05.2026", "2026-05-12"), ("५/०८/२०२५", "2025-08-05"), ("٢٢/١١/٢٠٢٦", "2026-11-22"), ("11/2026", "2026-11"),
        ("5 May", "--05-05"), ("5th of May 2026", "2026-05-05"), ("May 5, 2026", "2026-05-05"),
        ("June 2025", "2025-06"),
        ("5 de mayo de 2026", "2026-05-05"), ("le 1er février", "--02-01"), ("في 5 مايو 2026", "2026-05-05"),
        ("٥ أيار", "--05-05"), ("15 جانفي", "--01-15"), ("ሜይ 2026", "2026-05"), ("tarehe 3 Juni 2026", "2026-06-03"),
        ("15 अगस्त को", "--08-15"), ("15 agast", "--08-15"), ("۱۰ مئی", "--05-10"), ("১৫ মে ২০২৬", "2026-05-15"),
        ("१५ मार्चमा", "--03-15"), ("ika-5 ng Hunyo", "--06-05"), ("Hunyo 5", "--06-05"),
        ("3 Agustus 2026", "2026-08-03"),
    ],
)  # fmt: skip
def test_a_date_is_read(text: str, date: str) -> None:
    assert only("date", text) == [date]
    assert only("amount", text) == []


@pytest.mark.parametrize(
    "text",
    ["15 ashoj", "12/05/26", "30/02/2026", "2082/05/12", "may 5 anak ako", "mai 2 lakh diya", "since June",
     "licence 1234/074/75", "24/7", "በ 12/05/2018", "june 2 months no pay"],
)  # fmt: skip
def test_what_can_mean_several_days_is_no_date(text: str) -> None:
    assert only("date", text) == []


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("mil dolares", 1000), ("dos mil quinientos dolares", 2500), ("treinta y cinco mil pesos", 35000),
        ("doscientos dolares", 200), ("50 mil lempiras", 50000), ("mille euros", 1000), ("cent mille francs", 100000),
        ("200 000 F CFA", 200000), ("1 200 €", 1200), ("مية وخمسين الف", 150000), ("خمسة وعشرين الف", 25000),
        ("الف ريال", 1000), ("ألفين وخمسمية", 2500), ("50ሺ", 50000),
        ("አምሳ ሺህ ብር", 50000), ("elfu moja na mia tano", 1500),
        ("elfu hamsini na tano", 55000), ("Ksh 50,000/=", 50000), ("ksh50k", 50000), ("milioni moja", 1000000),
        ("पच्चीस हजार रुपये", 25000), ("ek lakh bees hazar", 120000), ("dhai lakh", 250000), ("50000/- rs", 50000),
        ("پچاس ہزار روپے", 50000), ("۵۰ ہزار", 50000), ("দেড় লাখ টাকা", 150000), ("৳৫০০০০", 50000),
        ("tin lakh taka", 300000), ("साढे तीन लाख", 350000), ("NRs. 75,000", 75000), ("रु. ५०,०००", 50000),
        ("limampung libo", 50000), ("bente mil", 20000), ("₱20k", 20000), ("dua puluh lima juta", 25000000),
        ("dua ratus lima puluh ribu", 250000), ("Rp5.000.000", 5000000), ("seribu lima ratus ringgit", 1500),
        ("two hundred thousand", 200000), ("twenty five thousand", 25000), ("2 and a half lakh", 250000),
        ("one lakh and fifty thousand", 150000), ("1500sr", 1500), ("salary 800 only", 800), ("1200 dh", 1200),
    ],
)  # fmt: skip
def test_a_sum_is_read_as_people_of_the_place_write_it(text: str, amount: float) -> None:
    assert only("amount", text) == [amount]


@pytest.mark.parametrize("text", ["salary 2000-2500", "2000-2500 riyal"])
def test_both_ends_of_a_range_are_sums(text: str) -> None:
    assert only("amount", text) == [2000, 2500]


@pytest.mark.parametrize(
    "text", ["2 months", "12 hours", "licence no 12345", "paid after 90 days", "15 जना", "una vez"]
)
def test_what_is_counted_is_no_sum(text: str) -> None:
    assert only("amount", text) == []
