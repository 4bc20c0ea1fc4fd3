"""qcloudd in a folder that looks like a QTS box (tests/fixtures/qts): everything but addresses and routes comes from
there."""
import os
import shutil

from .agent import Agent
from .proc import REPO

FIXTURES = os.path.join(REPO, "tests", "fixtures", "qts")


class QtsAgent(Agent):
    platform = "auto"

    def __init__(self, folder, ns, resolver, cloud, fixture):
        root = os.path.join(folder, "nas")
        # Links stay links: /etc/config leads to an absolute path, which is meant below this root.
        shutil.copytree(os.path.join(FIXTURES, fixture), root, symlinks=True)
        super().__init__(folder, ns, resolver, cloud)

    def _places(self):
        disk = os.path.join(self.root, "mnt", "HDA_ROOT", ".config")
        self.settings = disk if os.path.isdir(disk) else os.path.join(self.root, "etc", "config")
        self.config = os.path.join(self.settings, "qcloud", "qcloud.toml")
        self.state = os.path.join(self.settings, "qcloud", "state.db")
        self.socket = os.path.join(self.root, "var", "run", "qcloud", "control.sock")
