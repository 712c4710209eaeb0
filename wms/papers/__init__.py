"""What is printed and what is pictured: the data of labels and slips, papers of the OMS, photos,
and the jobs that the press renders.
"""
