"""The task service of JitAi's documents, for code that was written for it.

``app.getElement("services.TaskSvc")`` and ``createTemporaryTask`` work as printed there, on `JitTask`.
Importing this module also lets ``from tasks.TemporaryType.task import createTemporaryTask`` and ``from
jit_utils.time import now`` work where no other module has these names. Names of methods and parameters are
those of the documents.

Times are in the installation's zone. Calls join the transaction of `transaction`; outside one each commits by
itself.
"""

from .imports import install
from .moment import Moment, now
from .scheduler import transaction, use
from .service import App, TaskSvc, app, createTemporaryTask

__all__ = ["App", "Moment", "TaskSvc", "app", "createTemporaryTask", "now", "transaction", "use"]

install()
