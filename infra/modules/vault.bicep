// Secrets that External Secrets copies into the cluster. `make azure-up` writes them.
param vaultName string
param location string
param production bool
param administratorId string

var secretsOfficer = 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: vaultName
  location: location
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: production ? 90 : 7
    // Cannot be turned off again, and keeps the name for 90 days.
    enablePurgeProtection: production ? true : null
  }
}

resource administrator 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, administratorId, secretsOfficer)
  scope: vault
  properties: {
    principalId: administratorId
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', secretsOfficer)
  }
}

output vaultName string = vault.name
output vaultUrl string = vault.properties.vaultUri
