"""nbgrader on a student's server: fetch, hand in, read feedback."""

import os

c = get_config()  # noqa: F821, provided by nbgrader

c.CourseDirectory.course_id = "topoi"
c.Exchange.root = os.environ.get("TOPOI_EXCHANGE", "/srv/topoi/exchange")
c.ExchangeSubmit.strict = True
