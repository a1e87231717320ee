{{- define "ct-stream.name" -}}
{{- printf "%s" .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "ct-stream.selector" -}}
app.kubernetes.io/name: ct-stream
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end -}}

{{- /* Roles of ct-stream run that there are, with commas between. */ -}}
{{- define "ct-stream.roles" -}}
{{- if .Values.database.enabled -}}
collector,api{{ if .Values.processor.enabled }},processor{{ end }}
{{- end -}}
{{- end -}}

{{- define "ct-stream.image" -}}
{{ .own | default (printf "%s:%s" .root.Values.image.repository (.root.Values.image.tag | default .root.Chart.AppVersion)) | quote }}
{{- end -}}

{{- define "ct-stream.contact" -}}
{{ required "contact is needed: who the operators of logs can write to" .Values.contact | quote }}
{{- end -}}

{{- define "ct-stream.labels" -}}
{{ include "ct-stream.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- end -}}

{{- define "ct-stream.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "ct-stream.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{- define "ct-stream.placement" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "ct-stream.selector" . | nindent 8 }}
{{- with .root.Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* One role of ct-stream run as a deployment. Everything that lasts is in the database. */ -}}
{{- define "ct-stream.deployment" -}}
{{- $values := index .root.Values .role -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "ct-stream.name" .root }}-{{ .role }}
  labels: {{- include "ct-stream.labels" . | nindent 4 }}
spec:
  {{- if not (dig "autoscaling" "enabled" false $values) }}
  replicas: {{ $values.replicas }}
  {{- end }}
  selector:
    matchLabels: {{- include "ct-stream.selector" . | nindent 6 }}
  strategy:
    rollingUpdate: { maxSurge: 1, maxUnavailable: 0 }
  template:
    metadata:
      labels: {{- include "ct-stream.labels" . | nindent 8 }}
    spec:
      automountServiceAccountToken: false
      enableServiceLinks: false
      # SIGTERM hands the logs over within two seconds.
      terminationGracePeriodSeconds: 30
      securityContext: {{- include "ct-stream.podSecurity" . | nindent 8 }}
      {{- include "ct-stream.placement" . | nindent 6 }}
      containers:
        - name: {{ .role }}
          image: {{ include "ct-stream.image" (dict "root" .root "own" $values.image) }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          {{- $args := list "run" "--role" .role "--host" "0.0.0.0" "--lease" .root.Values.lease "--log-format" "json" -}}
          {{- if and (eq .role "collector") .root.Values.processor.enabled }}{{ $args = append $args "--for-processors" }}{{ end -}}
          {{- range $values.modules }}{{ $args = concat $args (list "--module" .) }}{{ end }}
          args: {{- concat $args $values.args | toJson | nindent 12 }}
          env:
            - name: CT_STREAM_DB
              valueFrom:
                secretKeyRef: { name: {{ .root.Values.database.secret }}, key: {{ .root.Values.database.key }} }
            - name: CT_STREAM_CONTACT
              value: {{ include "ct-stream.contact" .root }}
            - name: CT_STREAM_MEMBER
              valueFrom:
                fieldRef: { fieldPath: metadata.name }
            {{- with $values.adminTokenKey }}
            - name: CT_STREAM_API_TOKEN
              valueFrom:
                secretKeyRef: { name: {{ $.root.Values.database.secret }}, key: {{ . }} }
            {{- end }}
            {{- with $values.readTokenKey }}
            - name: CT_STREAM_READ_TOKEN
              valueFrom:
                secretKeyRef: { name: {{ $.root.Values.database.secret }}, key: {{ . }} }
            {{- end }}
          ports:
            - { name: http, containerPort: 8080 }
          # The event loop and the renewal of leases advance; that the database is away is no reason to start anew.
          livenessProbe:
            httpGet: { path: /healthz, port: http }
            periodSeconds: 15
            timeoutSeconds: 5
            failureThreshold: 4
          readinessProbe:
            httpGet: { path: /readyz, port: http }
            periodSeconds: 5
            timeoutSeconds: 3
          securityContext: {{- include "ct-stream.containerSecurity" . | nindent 12 }}
          resources: {{- toYaml $values.resources | nindent 12 }}
          volumeMounts:
            - { name: tmp, mountPath: /tmp }
      volumes:
        - name: tmp
          emptyDir: { sizeLimit: 64Mi }
{{- end -}}
