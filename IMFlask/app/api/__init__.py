"""The API. An endpoint imports from here what it needs of the engine: one line."""

from flask_validation_extended import Max as Max
from flask_validation_extended import MaxLen as MaxLen
from flask_validation_extended import Min as Min
from flask_validation_extended import MinLen as MinLen
from flask_validation_extended import ValidationRule as ValidationRule

from app.api.decorator import timer as timer
from core.file import Upload as Upload
from core.web.admin import admin_required as admin_required
from core.web.command import in_a_sentence as in_a_sentence
from core.web.command import say as say
from core.web.database import get_db as get_db
from core.web.file.download import check_preconditions as check_preconditions
from core.web.file.download import download as download
from core.web.file.upload import Files as Files
from core.web.mark import unlogged as unlogged
from core.web.openapi import shape as shape
from core.web.openapi.answers import answers as answers
from core.web.response import Envelope as Envelope
from core.web.response import created as created
from core.web.response import fail as fail
from core.web.response import response as response
from core.web.validation import DatetimeRule as DatetimeRule
from core.web.validation import Form as Form
from core.web.validation import Header as Header
from core.web.validation import Json as Json
from core.web.validation import ObjectIdRule as ObjectIdRule
from core.web.validation import Query as Query
from core.web.validation import Route as Route
from core.web.validation import Validator as Validator
