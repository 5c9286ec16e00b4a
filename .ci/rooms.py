"""An import-linter contract: the rooms of a floor do not import one another.

A module whose name begins with an underscore is the floor's own and may be imported by its rooms. The rooms
are read from the package, so a new room is under the contract without being named anywhere.
"""

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class RoomsContract(Contract):
    """Each module of ``floors`` may import, of its own floor, only modules named ``_*``."""

    type_name = "rooms"
    floors = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Find every import from one room into another, or from a floor's shared module into a room."""
        broken = []
        for floor in self.floors:
            for importer in sorted(graph.find_descendants(floor)):
                room = _room(importer, floor)
                for imported in sorted(graph.find_modules_directly_imported_by(importer)):
                    other = _room(imported, floor)
                    if other and other != room and not other.startswith("_"):
                        lines = graph.get_import_details(importer=importer, imported=imported)
                        broken.append((importer, imported, [line["line_number"] for line in lines]))
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Say which room opens which."""
        for importer, imported, lines in check.metadata["broken"]:
            output.print_error(f"{importer} imports {imported} (line {', '.join(map(str, lines))})", bold=False)


def _room(module: str, floor: str) -> str:
    """Name of the floor's module that ``module`` is or lies in; empty outside the floor."""
    return module.removeprefix(f"{floor}.").split(".")[0] if module.startswith(f"{floor}.") else ""
