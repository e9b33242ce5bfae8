"""The machinery of Learning to Generalize; the ideas stand in the notebooks."""

from .claims import check, claim
from .explore import Slider, explore, show
from .quiz import quiz
from .sweep import sweep

__all__ = ["Slider", "check", "claim", "explore", "quiz", "show", "sweep"]
