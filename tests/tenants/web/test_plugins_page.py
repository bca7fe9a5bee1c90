"""The settings show what installed packages add, and why one of them was skipped."""

import pytest

from orchestrator.engine import plugins
from orchestrator.engine.plugins import Plugin
from tenants.roles import MemberRole
from tests.tenants.cast import House


def test_a_skipped_plugin_is_shown_with_its_reason(alpha: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No package adds anything yet" in alpha.client().get("/settings/plugins/").content.decode()
    broken = Plugin("baton.tools", "whisper", "loud 1.2", "ModuleNotFoundError: No module named <b>voice</b>")
    monkeypatch.setattr(plugins, "_found", {"baton.nodes": (Plugin("baton.nodes", "shout", "loud 1.2"),), "baton.tools": (broken,)})
    page = alpha.client().get("/settings/plugins/").content.decode()
    assert "1 plug-in skipped" in page and "No module named &lt;b&gt;voice" in page
    assert "In use" in page and "shout" in page


def test_the_page_is_for_managers(alpha: House) -> None:
    editor = alpha.client(alpha.member("editor", MemberRole.EDITOR))
    assert editor.get("/settings/plugins/").status_code == 403
    assert "/settings/plugins/" not in editor.get("/settings/tools/").content.decode()
