# SPDX-License-Identifier: GPL-3.0-or-later
"""A local stand-in for the outside world: AWS and database servers, for the demo and the tests."""
