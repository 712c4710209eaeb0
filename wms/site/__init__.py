"""What a site knows before its first order: owners, items, codes, carriers, calendar."""
