package trial

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lockstep-dev/terraform-provider-trial/cloud"
)

// databaseModel is trial_database: it holds data, its name is unique, and the
// cloud refuses to delete it while it is protected.
type databaseModel struct {
	common
	EngineVersion       types.String `tfsdk:"engine_version"`
	StorageGB           types.Int64  `tfsdk:"storage_gb"`
	BackupRetentionDays types.Int64  `tfsdk:"backup_retention_days"`
	DeletionProtection  types.Bool   `tfsdk:"deletion_protection"`
	SkipFinalSnapshot   types.Bool   `tfsdk:"skip_final_snapshot"`
	PubliclyAccessible  types.Bool   `tfsdk:"publicly_accessible"`
	Password            types.String `tfsdk:"password"`
	ServedBy            types.String `tfsdk:"served_by"`
	Endpoint            types.String `tfsdk:"endpoint"`
}

type databaseRecord struct {
	EngineVersion       string  `json:"engine_version"`
	StorageGB           int64   `json:"storage_gb"`
	BackupRetentionDays int64   `json:"backup_retention_days"`
	DeletionProtection  bool    `json:"deletion_protection"`
	SkipFinalSnapshot   bool    `json:"skip_final_snapshot"`
	PubliclyAccessible  bool    `json:"publicly_accessible"`
	Password            *string `json:"password"`
	ServedBy            *string `json:"served_by"`
}

const (
	defaultVersion   = "15"
	defaultStorage   = 20
	defaultRetention = 7
)

func newDatabase() resource.Resource {
	const newer, larger = "An older version replaces the database.", "Less replaces the database."
	flag := func(value bool) schema.BoolAttribute {
		return schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(value)}
	}
	return &thing[databaseModel, *databaseModel]{
		kind: "database", unique: true,
		schema: withCommon(map[string]schema.Attribute{
			"engine_version": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString(defaultVersion), Description: newer,
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplaceIf(older, newer, newer)},
			},
			"storage_gb": schema.Int64Attribute{
				Optional: true, Computed: true, Default: int64default.StaticInt64(defaultStorage), Description: larger,
				PlanModifiers: []planmodifier.Int64{int64planmodifier.RequiresReplaceIf(smaller, larger, larger)},
			},
			"backup_retention_days": schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(defaultRetention)},
			"deletion_protection":   flag(true),
			"skip_final_snapshot":   flag(false),
			"publicly_accessible":   flag(false),
			"password":              schema.StringAttribute{Optional: true, Sensitive: true},
			"served_by":             schema.StringAttribute{Optional: true, Description: "Where a real database answers; endpoint repeats it."},
			"endpoint": schema.StringAttribute{
				Computed: true, Description: "Where it answers, known after it was made.",
				PlanModifiers: []planmodifier.String{follows{[]string{"served_by"}}},
			},
		}),
		forbid: forbidProtected,
	}
}

func older(_ context.Context, request planmodifier.StringRequest, response *stringplanmodifier.RequiresReplaceIfFuncResponse) {
	was, _ := strconv.ParseFloat(request.StateValue.ValueString(), 64)
	will, _ := strconv.ParseFloat(request.PlanValue.ValueString(), 64)
	response.RequiresReplace = will < was
}

func smaller(_ context.Context, request planmodifier.Int64Request, response *int64planmodifier.RequiresReplaceIfFuncResponse) {
	response.RequiresReplace = request.PlanValue.ValueInt64() < request.StateValue.ValueInt64()
}

func forbidProtected(o cloud.Object) error {
	var r databaseRecord
	if err := json.Unmarshal(o.Attributes, &r); err != nil {
		return err
	}
	if r.DeletionProtection {
		return errors.New(o.ID + " is protected from deletion; set deletion_protection to false first")
	}
	return nil
}

func (m *databaseModel) wish() any {
	return databaseRecord{
		EngineVersion: m.EngineVersion.ValueString(), StorageGB: m.StorageGB.ValueInt64(),
		BackupRetentionDays: m.BackupRetentionDays.ValueInt64(), DeletionProtection: m.DeletionProtection.ValueBool(),
		SkipFinalSnapshot: m.SkipFinalSnapshot.ValueBool(), PubliclyAccessible: m.PubliclyAccessible.ValueBool(),
		Password: m.Password.ValueStringPointer(), ServedBy: m.ServedBy.ValueStringPointer(),
	}
}

func (m *databaseModel) take(o cloud.Object) error {
	var r databaseRecord
	if err := json.Unmarshal(o.Attributes, &r); err != nil {
		return err
	}
	m.EngineVersion, m.StorageGB = types.StringValue(r.EngineVersion), types.Int64Value(r.StorageGB)
	m.BackupRetentionDays, m.DeletionProtection = types.Int64Value(r.BackupRetentionDays), types.BoolValue(r.DeletionProtection)
	m.SkipFinalSnapshot, m.PubliclyAccessible = types.BoolValue(r.SkipFinalSnapshot), types.BoolValue(r.PubliclyAccessible)
	m.Password, m.ServedBy = types.StringPointerValue(r.Password), types.StringPointerValue(r.ServedBy)
	m.Endpoint = types.StringValue(o.ID + ".trial.internal:5432")
	if r.ServedBy != nil {
		m.Endpoint = types.StringValue(*r.ServedBy)
	}
	return nil
}
