package trial

import (
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lockstep-dev/terraform-provider-trial/cloud"
)

// networkRuleModel is trial_network_rule: who may reach something. An update
// in place can take access away.
type networkRuleModel struct {
	common
	Target  types.String `tfsdk:"target"`
	Allowed types.List   `tfsdk:"allowed"`
}

type networkRuleRecord struct {
	Target  *string  `json:"target"`
	Allowed []string `json:"allowed"`
}

func newNetworkRule() resource.Resource {
	return &thing[networkRuleModel, *networkRuleModel]{
		kind: "network_rule",
		schema: withCommon(map[string]schema.Attribute{
			"target":  schema.StringAttribute{Optional: true, Description: "Id of what is reached."},
			"allowed": schema.ListAttribute{Required: true, ElementType: types.StringType, Description: "Networks that may reach it."},
		}),
	}
}

func (m *networkRuleModel) wish() any {
	return networkRuleRecord{Target: m.Target.ValueStringPointer(), Allowed: listed(m.Allowed)}
}

func (m *networkRuleModel) take(o cloud.Object) error {
	var r networkRuleRecord
	if err := json.Unmarshal(o.Attributes, &r); err != nil {
		return err
	}
	m.Target, m.Allowed = types.StringPointerValue(r.Target), textList(r.Allowed)
	return nil
}
