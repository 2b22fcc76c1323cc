"""A view's input, declared: `@Validator()` over parameters that say where each comes from."""

from core.web.validation.field import Object as Object
from core.web.validation.field import StrictObject as StrictObject
from core.web.validation.parameter import Changes as Changes
from core.web.validation.parameter import Dict as Dict
from core.web.validation.parameter import Form as Form
from core.web.validation.parameter import Header as Header
from core.web.validation.parameter import Json as Json
from core.web.validation.parameter import List as List
from core.web.validation.parameter import Paging as Paging
from core.web.validation.parameter import Query as Query
from core.web.validation.parameter import Route as Route
from core.web.validation.rule import DatetimeRule as DatetimeRule
from core.web.validation.rule import ObjectIdRule as ObjectIdRule
from core.web.validation.rule import Regex as Regex
from core.web.validation.validator import Validator as Validator
from core.web.validation.value import Wrong as Wrong
