package plans

import "sort"

// InputDigests returns every file that the plan names by digest, once each,
// in ascending order: exactly what its bundle holds.
func (p *Plan) InputDigests() []Digest {
	seen := map[Digest]bool{}
	add := func(inputs []Input) {
		for _, in := range inputs {
			seen[in.Digest] = true
		}
	}
	add(p.Inputs)
	for i := range p.Steps {
		add(p.Steps[i].Inputs)
	}
	for _, o := range p.Observations {
		if o.Terraform == nil {
			continue
		}
		add(o.Terraform.Source)
		if o.Terraform.Plan != "" {
			seen[o.Terraform.Plan] = true
		}
		if o.Terraform.Part != nil {
			seen[o.Terraform.Part.Plan] = true
		}
	}
	all := make([]Digest, 0, len(seen))
	for d := range seen {
		all = append(all, d)
	}
	sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
	return all
}
