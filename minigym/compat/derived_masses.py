"""The two attributes of the original poles that are sums and products of others."""

from minigym import error


class DerivedMasses:
    """``total_mass`` and ``polemass_length``, which programs read, and write after they have changed a mass.

    The originals store them, so that a program that forgets to write them gets wrong physics in silence. Here they
    follow from the masses and the length; assigning what they are already does nothing.
    """

    masscart: float
    masspole: float
    length: float

    @property
    def total_mass(self) -> float:
        """``masspole + masscart`` (kg)."""
        return self.masspole + self.masscart

    @total_mass.setter
    def total_mass(self, value: float) -> None:
        self._check_derived("total_mass", value, "masspole or masscart")

    @property
    def polemass_length(self) -> float:
        """``masspole * length`` (kg m)."""
        return self.masspole * self.length

    @polemass_length.setter
    def polemass_length(self, value: float) -> None:
        self._check_derived("polemass_length", value, "masspole or length")

    def _check_derived(self, name: str, value: float, sources: str) -> None:
        if value != getattr(self, name):
            raise error.InvalidParameter(
                f"{name} follows from other parameters and is {getattr(self, name)}, got {value}; set {sources} instead"
            )
