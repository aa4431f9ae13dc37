"""Whoever keeps keys, real or double, behind one shape: what the contract of signers is asked of.

local.py    the sealed file               transit.py  OpenBao, started here
hsm.py      SoftHSM, keys made by OpenSC
"""
