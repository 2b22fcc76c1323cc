"""The API. Endpoints import the engine's names from here, in one line."""

from flask_validation_extended import Email, In, Max, MaxLen, Min, MinLen, ValidationRule

from app.api.decorator import timer
from core.database.outage import responds
from core.file import Upload
from core.page import Page
from core.web.admin import admin_required
from core.web.command import in_a_sentence, say
from core.web.database import get_db
from core.web.file.download import download
from core.web.file.upload import Files
from core.web.mark import unlogged
from core.web.openapi import shape
from core.web.openapi.answers import answers
from core.web.response import Created, Envelope, created, fail, response
from core.web.validation.field import Object, StrictObject
from core.web.validation.parameter import (
    Body,
    Changes,
    Dict,
    Form,
    Header,
    Json,
    List,
    Paging,
    Query,
    Route,
)
from core.web.validation.rule import DatetimeRule, ObjectIdRule, Regex
from core.web.validation.validator import Validator
from core.web.validation.value import Wrong
