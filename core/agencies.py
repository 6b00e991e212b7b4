"""How the result of looking an agency up is told."""

from datetime import date
from typing import Any

from core.register import Agency, AgencyList, Found


def told(found: Found, asked: str, authority: str, listed: AgencyList, today: date) -> dict[str, Any]:
    """Return what to say of an agency, without the choice between several."""
    if found.agency is None:
        arguments = {"name": asked, "authority": authority, "checked": {"date": listed.checked_on}}
        return {"say": "utter_agency_not_found", "arguments": arguments}
    return entry(found.agency, authority, today)


def entry(agency: Agency, authority: str, today: date) -> dict[str, Any]:
    """Return what an official list says of an agency, as something to say."""
    arguments: dict[str, Any] = {
        "name": agency.name, "licence": agency.licence, "authority": authority, "checked": {"date": agency.checked_on},
    }  # fmt: skip
    state = agency.state(today)
    if state == "suspended" or state is None:
        return {"say": f"utter_agency_{'suspended' if state else 'listed'}", "arguments": arguments}
    if state == "expired" and not "" < agency.valid_until < today.isoformat():
        return {"say": "utter_agency_suspended", "arguments": arguments}
    return {"say": f"utter_agency_{state}", "arguments": {**arguments, "until": {"date": agency.valid_until}}}
