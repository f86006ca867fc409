package trial

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// texts and its neighbours keep apart what is empty and what is not there, as
// Terraform does.
func texts(m types.Map) map[string]string {
	if m.IsNull() {
		return nil
	}
	all := map[string]string{}
	for key, v := range m.Elements() {
		if text, ok := v.(types.String); ok {
			all[key] = text.ValueString()
		}
	}
	return all
}

func textMap(all map[string]string) types.Map {
	if all == nil {
		return types.MapNull(types.StringType)
	}
	values := map[string]attr.Value{}
	for key, text := range all {
		values[key] = types.StringValue(text)
	}
	return types.MapValueMust(types.StringType, values)
}

func textList(all []string) types.List {
	values := make([]attr.Value, 0, len(all))
	for _, text := range all {
		values = append(values, types.StringValue(text))
	}
	return types.ListValueMust(types.StringType, values)
}

func listed(list types.List) []string {
	all := []string{}
	for _, v := range list.Elements() {
		if text, ok := v.(types.String); ok {
			all = append(all, text.ValueString())
		}
	}
	return all
}
