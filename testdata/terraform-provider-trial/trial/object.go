package trial

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lockstep-dev/terraform-provider-trial/cloud"
)

// objectModel is trial_object: it holds nothing, and two may have one name.
type objectModel struct {
	common
	Size            types.String `tfsdk:"size"`
	Labels          types.Map    `tfsdk:"labels"`
	Secret          types.String `tfsdk:"secret"`
	SecretWO        types.String `tfsdk:"secret_wo"`
	SecretWOVersion types.Int64  `tfsdk:"secret_wo_version"`
	Endpoint        types.String `tfsdk:"endpoint"`
	Token           types.String `tfsdk:"token"`
	URL             types.String `tfsdk:"url"`

	written *string // the write-only argument on its way to the cloud
}

// objectRecord is what the cloud keeps of it.
type objectRecord struct {
	Size    *string           `json:"size"`
	Labels  map[string]string `json:"labels"`
	Secret  *string           `json:"secret"`
	Written *string           `json:"secret_wo"`
	Version *int64            `json:"secret_wo_version"`
}

func newObject() resource.Resource {
	return &thing[objectModel, *objectModel]{
		kind: "object",
		schema: withCommon(map[string]schema.Attribute{
			"size":              schema.StringAttribute{Optional: true},
			"labels":            schema.MapAttribute{Optional: true, ElementType: types.StringType},
			"secret":            schema.StringAttribute{Optional: true, Sensitive: true},
			"secret_wo":         schema.StringAttribute{Optional: true, WriteOnly: true, Sensitive: true, Description: "In no plan and no state; Terraform and OpenTofu 1.11 and newer."},
			"secret_wo_version": schema.Int64Attribute{Optional: true, Description: "A change of it writes secret_wo again."},
			"endpoint":          steady("Where it answers."),
			"token": schema.StringAttribute{
				Computed: true, Sensitive: true, Description: "Follows from the secrets.",
				PlanModifiers: []planmodifier.String{follows{[]string{"secret", "secret_wo_version"}}},
			},
			"url": schema.StringAttribute{
				Computed: true, Description: "Holds the secret and is not declared sensitive, as it happens in real providers.",
				PlanModifiers: []planmodifier.String{follows{[]string{"secret"}}},
			},
		}),
		extra: func(ctx context.Context, config configReader, m *objectModel) diag.Diagnostics {
			var written types.String
			diagnostics := config.GetAttribute(ctx, path.Root("secret_wo"), &written)
			m.written = written.ValueStringPointer()
			return diagnostics
		},
	}
}

func (m *objectModel) wish() any {
	return objectRecord{
		Size: m.Size.ValueStringPointer(), Labels: texts(m.Labels), Secret: m.Secret.ValueStringPointer(),
		Written: m.written, Version: m.SecretWOVersion.ValueInt64Pointer(),
	}
}

func (m *objectModel) take(o cloud.Object) error {
	var r objectRecord
	if err := json.Unmarshal(o.Attributes, &r); err != nil {
		return err
	}
	m.Size, m.Labels = types.StringPointerValue(r.Size), textMap(r.Labels)
	m.Secret, m.SecretWO, m.SecretWOVersion = types.StringPointerValue(r.Secret), types.StringNull(), types.Int64PointerValue(r.Version)
	endpoint := o.ID + ".trial.internal:6379"
	sum := sha256.Sum256([]byte(o.ID + "\x00" + m.Secret.ValueString() + "\x00" + types.StringPointerValue(r.Written).ValueString()))
	m.Endpoint, m.Token = types.StringValue(endpoint), types.StringValue("token-"+hex.EncodeToString(sum[:8]))
	m.URL = types.StringValue("trial://" + o.Name + ":" + m.Secret.ValueString() + "@" + endpoint)
	return nil
}
