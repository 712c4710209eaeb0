"""From goods in a tote to a parcel on a truck: which box, what goes in, the proof of it, its label,
and its way through the door.
"""
