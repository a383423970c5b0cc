"""The apps of the simulated desktop, one a module."""

from collections.abc import Mapping
from typing import Final

from gui_agents.simulated.apps.base import App
from gui_agents.simulated.apps.calculator import Calculator
from gui_agents.simulated.apps.contact_form import ContactForm
from gui_agents.simulated.apps.files import Files
from gui_agents.simulated.apps.notes import Notes
from gui_agents.simulated.apps.settings import Settings

APPS: Final[Mapping[str, type[App]]] = {app.name: app for app in (Calculator, Notes, ContactForm, Files, Settings)}
"""Every app by its name, in the order of the taskbar."""
