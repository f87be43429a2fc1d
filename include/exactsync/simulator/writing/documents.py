"""New documents and their attachments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from exactsync.simulator.writing.desk import Written
from exactsync.simulator.writing.words import Phrase

if TYPE_CHECKING:
    from exactsync.simulator.writing.bodies import Values
    from exactsync.simulator.writing.desk import Desk

_TYPES: Final = {
    10: "Sales invoice",
    20: "Purchase invoice",
    55: "Miscellaneous",
    110: "Bank statement",
    140: "Letter",
    183: "General",
}


def make_document(desk: Desk, values: Values) -> list[Written]:
    """Return a document; what is wrong is complained of."""
    desk.require(values, ("Subject", "Type"))
    if "Type" in values and values["Type"] not in _TYPES:
        desk.complaints.say(Phrase.INVALID_REFERENCE, "Type")
    account = desk.look_up(values, "Account", "Accounts")
    project = desk.look_up(values, "Project", "Projects")
    document = desk.signed({"DocumentDate": desk.today, **values})
    document |= {
        "AccountCode": account and account["Code"],
        "AccountName": account and account["Name"],
        "ProjectDescription": project and project["Description"],
        "HID": max((one["HID"] for one in desk.records("Documents")), default=0) + 1,
        "HasEmptyBody": not values.get("Body"),
        "TypeDescription": _TYPES.get(values.get("Type", 0)),
        "DocumentViewUrl": f"https://start.exactonline.nl/docs/DocView.aspx?DocumentID={document['ID']}",
    }
    return [Written(entity_set="Documents", record=document)]


def make_attachment(desk: Desk, values: Values) -> list[Written]:
    """Return an attachment; what is wrong is complained of."""
    desk.require(values, ("Attachment", "Document", "FileName"))
    desk.look_up(values, "Document", "Documents")
    contents: bytes = values.get("Attachment", b"")
    if len(contents) > desk.world.settings.longest_attachment:
        desk.complaints.say(Phrase.TOO_LARGE, "Attachment")
    key = desk.world.database.new_id()
    url = f"https://start.exactonline.nl/docs/SysAttachment.aspx?ID={key}"
    attachment = {**values, "ID": key, "FileSize": float(len(contents)), "Url": url}
    return [Written(entity_set="DocumentAttachments", record=attachment)]
