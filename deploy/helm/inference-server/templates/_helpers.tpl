{{- define "server.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "server.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "server.labels" -}}
{{ include "server.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "server.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}{{ .Values.serviceAccount.name | default (include "server.name" .) }}{{ else }}{{ .Values.serviceAccount.name | default "default" }}{{ end }}
{{- end }}

{{/* One Deployment: of {root, track, replicas, image, args, models}; replicas is null where something else decides. */}}
{{- define "server.deployment" -}}
{{- $root := .root -}}
{{- $values := $root.Values -}}
{{- /* A kubelet has no certificate: where clients need one, it asks at the port of the metrics. */ -}}
{{- $probePort := ternary "metrics" "http" $values.tls.http.mutual -}}
{{- $probeScheme := ternary "HTTPS" "HTTP" (and (ne $values.tls.http.secret "") (not $values.tls.http.mutual)) -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "server.name" $root }}{{ if ne .track "stable" }}-{{ .track }}{{ end }}
  labels:
    {{- include "server.labels" $root | nindent 4 }}
    track: {{ .track }}
spec:
  {{- if not (kindIs "invalid" .replicas) }}
  replicas: {{ .replicas }}
  {{- end }}
  selector:
    matchLabels:
      {{- include "server.selector" $root | nindent 6 }}
      track: {{ .track }}
  strategy:
    # The new pod answers before the old one goes.
    rollingUpdate:
      maxUnavailable: 0
      maxSurge: 1
  template:
    metadata:
      labels:
        {{- include "server.selector" $root | nindent 8 }}
        track: {{ .track }}
        {{- with $values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        prometheus.io/scrape: "true"
        prometheus.io/port: {{ $values.service.metricsPort | quote }}
        prometheus.io/path: /metrics
        {{- with $values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ include "server.serviceAccount" $root }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ $values.terminationGracePeriodSeconds }}
      {{- with $values.imagePullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext:
        {{- toYaml $values.podSecurityContext | nindent 8 }}
      containers:
        - name: server
          image: "{{ .image.repository | default $values.image.repository }}:{{ .image.tag | default $values.image.tag | default $root.Chart.AppVersion }}"
          imagePullPolicy: {{ $values.image.pullPolicy }}
          args:
            - --http-port={{ $values.service.httpPort }}
            - --grpc-port={{ $values.service.grpcPort }}
            - --metrics-port={{ $values.service.metricsPort }}
            - --drain-delay-secs={{ $values.drainDelaySeconds }}
            - --exit-timeout-secs={{ $values.exitTimeoutSeconds }}
            {{- if .models.url }}
            - --model-repository={{ .models.url }}
            - --repository-cache-directory=/cache
            - --repository-cache-max-bytes={{ $values.models.cacheMaxBytes | int64 }}
            {{- else }}
            - --model-repository=/models
            {{- end }}
            {{- if eq $values.cache.kind "local" }}
            - --cache-config=local,size={{ $values.cache.localBytes | int64 }}
            {{- else if eq $values.cache.kind "redis" }}
            - --cache-config=redis,host={{ required "cache.redis.host is where the Redis is" $values.cache.redis.host }}
            - --cache-config=redis,port={{ $values.cache.redis.port }}
            {{- if $values.cache.redis.tls }}
            - --cache-config=redis,tls_enabled=true
            {{- end }}
            {{- end }}
            {{- if $values.tls.http.secret }}
            - --http-use-ssl=true
            - --http-server-cert=/tls/http/tls.crt
            - --http-server-key=/tls/http/tls.key
            {{- if $values.tls.http.mutual }}
            - --http-use-ssl-mutual=true
            - --http-root-cert=/tls/http/ca.crt
            {{- end }}
            {{- end }}
            {{- if $values.tls.grpc.secret }}
            - --grpc-use-ssl=true
            - --grpc-server-cert=/tls/grpc/tls.crt
            - --grpc-server-key=/tls/grpc/tls.key
            {{- if $values.tls.grpc.mutual }}
            - --grpc-use-ssl-mutual=true
            - --grpc-root-cert=/tls/grpc/ca.crt
            {{- end }}
            {{- end }}
            {{- if $values.apiKeys.secret }}
            - --access-file=/keys/access.json
            {{- end }}
            {{- range concat $values.args .args }}
            - {{ . | quote }}
            {{- end }}
          {{- if or $values.env (and (eq $values.cache.kind "redis") $values.cache.redis.secret) }}
          env:
            {{- if and (eq $values.cache.kind "redis") $values.cache.redis.secret }}
            - name: TRITONCACHE_REDIS_USERNAME
              valueFrom: { secretKeyRef: { name: {{ $values.cache.redis.secret }}, key: username, optional: true } }
            - name: TRITONCACHE_REDIS_PASSWORD
              valueFrom: { secretKeyRef: { name: {{ $values.cache.redis.secret }}, key: password } }
            {{- end }}
            {{- with $values.env }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          {{- end }}
          {{- if or $values.envFrom (and .models.url $values.models.credentialsSecret) }}
          envFrom:
            {{- if and .models.url $values.models.credentialsSecret }}
            - secretRef: { name: {{ $values.models.credentialsSecret }} }
            {{- end }}
            {{- with $values.envFrom }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          {{- end }}
          ports:
            - { name: http, containerPort: {{ $values.service.httpPort }} }
            - { name: grpc, containerPort: {{ $values.service.grpcPort }} }
            - { name: metrics, containerPort: {{ $values.service.metricsPort }} }
          # The port opens at once, so this asks for the process alone. Asked for readiness, one model that cannot load would restart
          # the pod for ever and take the other models with it.
          startupProbe:
            httpGet: { path: /v2/health/live, port: {{ $probePort }}, scheme: {{ $probeScheme }} }
            {{- toYaml $values.probes.startup | nindent 12 }}
          # A restart helps only a process that no longer answers at all; a model that fails to load is no reason.
          livenessProbe:
            httpGet: { path: /v2/health/live, port: {{ $probePort }}, scheme: {{ $probeScheme }} }
            {{- toYaml $values.probes.liveness | nindent 12 }}
          # True once every wanted model has loaded; traffic waits for it, however long that takes.
          readinessProbe:
            httpGet: { path: /v2/health/ready, port: {{ $probePort }}, scheme: {{ $probeScheme }} }
            {{- toYaml $values.probes.readiness | nindent 12 }}
          securityContext:
            {{- toYaml $values.securityContext | nindent 12 }}
          resources:
            {{- toYaml $values.resources | nindent 12 }}
          {{- if or .models.existingClaim .models.url $values.tls.http.secret $values.tls.grpc.secret $values.apiKeys.secret }}
          volumeMounts:
            {{- if .models.url }}
            - { name: cache, mountPath: /cache }
            {{- else if .models.existingClaim }}
            - name: models
              mountPath: /models
              readOnly: true
              {{- with .models.subPath }}
              subPath: {{ . }}
              {{- end }}
            {{- end }}
            {{- if $values.tls.http.secret }}
            - { name: tls-http, mountPath: /tls/http, readOnly: true }
            {{- end }}
            {{- if $values.tls.grpc.secret }}
            - { name: tls-grpc, mountPath: /tls/grpc, readOnly: true }
            {{- end }}
            {{- if $values.apiKeys.secret }}
            - { name: keys, mountPath: /keys, readOnly: true }
            {{- end }}
          {{- end }}
      {{- if or .models.existingClaim .models.url $values.tls.http.secret $values.tls.grpc.secret $values.apiKeys.secret }}
      volumes:
        {{- if .models.url }}
        - name: cache
          emptyDir: { sizeLimit: {{ $values.models.cacheSize }} }
        {{- else if .models.existingClaim }}
        - name: models
          persistentVolumeClaim: { claimName: {{ .models.existingClaim }}, readOnly: true }
        {{- end }}
        {{- if $values.tls.http.secret }}
        - name: tls-http
          secret: { secretName: {{ $values.tls.http.secret }}, defaultMode: 0440 }
        {{- end }}
        {{- if $values.tls.grpc.secret }}
        - name: tls-grpc
          secret: { secretName: {{ $values.tls.grpc.secret }}, defaultMode: 0440 }
        {{- end }}
        {{- if $values.apiKeys.secret }}
        - name: keys
          secret: { secretName: {{ $values.apiKeys.secret }}, defaultMode: 0440 }
        {{- end }}
      {{- end }}
      {{- with $values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.affinity }}
      affinity:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.topologySpreadConstraints }}
      topologySpreadConstraints:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end }}

{{/* One Service: of {root, name, track}; track is empty for all pods. */}}
{{- define "server.service" -}}
{{- $root := .root -}}
{{- $values := $root.Values -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}
  labels:
    {{- include "server.labels" $root | nindent 4 }}
    {{- with .track }}
    track: {{ . }}
    {{- end }}
  {{- with $values.service.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  type: {{ $values.service.type }}
  selector:
    {{- include "server.selector" $root | nindent 4 }}
    {{- with .track }}
    track: {{ . }}
    {{- end }}
  sessionAffinity: {{ $values.service.sessionAffinity }}
  {{- if eq $values.service.sessionAffinity "ClientIP" }}
  sessionAffinityConfig:
    clientIP: { timeoutSeconds: {{ $values.service.sessionAffinityTimeoutSeconds }} }
  {{- end }}
  ports:
    - { name: http, port: {{ $values.service.httpPort }}, targetPort: http, appProtocol: {{ ternary "https" "http" (ne $values.tls.http.secret "") }} }
    - { name: grpc, port: {{ $values.service.grpcPort }}, targetPort: grpc, appProtocol: {{ ternary "https" "kubernetes.io/h2c" (ne $values.tls.grpc.secret "") }} }
    - { name: metrics, port: {{ $values.service.metricsPort }}, targetPort: metrics, appProtocol: http }
{{- end }}
