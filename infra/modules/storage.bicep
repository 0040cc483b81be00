// Documents, accounts and backups, each in a container of its own. No keys, no public network.
param accountName string
param location string
param production bool
param endpointsSubnetId string
param blobZoneId string

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: accountName
  location: location
  kind: 'StorageV2'
  sku: { name: production ? 'Standard_ZRS' : 'Standard_LRS' }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: 'Disabled'
    networkAcls: { defaultAction: 'Deny', bypass: 'None' }
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      isVersioningEnabled: true
      deleteRetentionPolicy: { enabled: true, days: 14 }
      containerDeleteRetentionPolicy: { enabled: true, days: 14 }
    }

    resource containers 'containers' = [
      for each in ['filings', 'accounts', 'backups']: {
        name: each
        properties: { publicAccess: 'None' }
      }
    ]
  }

  // Versions and dumps would otherwise stay forever. prune deletes documents after two years.
  resource lifecycle 'managementPolicies' = {
    name: 'default'
    dependsOn: [blobs]
    properties: {
      policy: {
        rules: [
          {
            name: 'cool-documents'
            type: 'Lifecycle'
            definition: {
              filters: { blobTypes: ['blockBlob'], prefixMatch: ['filings/'] }
              actions: {
                baseBlob: { tierToCool: { daysAfterModificationGreaterThan: 30 } }
                version: { delete: { daysAfterCreationGreaterThan: 30 } }
              }
            }
          }
          {
            name: 'delete-backups'
            type: 'Lifecycle'
            definition: {
              filters: { blobTypes: ['blockBlob'], prefixMatch: ['backups/'] }
              actions: {
                baseBlob: {
                  tierToCool: { daysAfterModificationGreaterThan: 1 }
                  delete: { daysAfterModificationGreaterThan: 35 }
                }
                version: { delete: { daysAfterCreationGreaterThan: 35 } }
              }
            }
          }
          {
            name: 'delete-versions-of-accounts'
            type: 'Lifecycle'
            definition: {
              filters: { blobTypes: ['blockBlob'], prefixMatch: ['accounts/'] }
              actions: { version: { delete: { daysAfterCreationGreaterThan: 7 } } }
            }
          }
        ]
      }
    }
  }
}

resource endpoint 'Microsoft.Network/privateEndpoints@2024-05-01' = {
  name: '${accountName}-blob'
  location: location
  properties: {
    subnet: { id: endpointsSubnetId }
    privateLinkServiceConnections: [
      { name: 'blob', properties: { privateLinkServiceId: account.id, groupIds: ['blob'] } }
    ]
  }

  resource names 'privateDnsZoneGroups' = {
    name: 'default'
    properties: { privateDnsZoneConfigs: [{ name: 'blob', properties: { privateDnsZoneId: blobZoneId } }] }
  }
}

output accountName string = account.name
output accountUrl string = 'https://${account.name}.blob.${environment().suffixes.storage}'
