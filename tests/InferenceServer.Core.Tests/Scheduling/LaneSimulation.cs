using InferenceServer.Core.Scheduling;

namespace InferenceServer.Core.Tests.Scheduling;

/// <summary>
/// One lane, its queue and its clients in a time of numbers: requests of one row come, a policy decides, executions cost what a curve says and a little more or less.
/// The same seed gives the same run.
/// </summary>
internal sealed class LaneSimulation(double[] curve, Load load, int seed)
{
    private readonly Random _random = new(seed);
    private readonly PriorityQueue<Action, (double Time, long Number)> _events = new();
    private readonly List<long> _waiting = [];
    private readonly List<double> _latencies = [];
    private double _now;
    private long _number;
    private long _question;
    private bool _isBusy;

    public delegate BatchDecision Decide(in QueueHead head, long now);

    /// <summary>Requests a second after the first third, and the latency that 95 of 100 stayed under, in the curve's unit.</summary>
    public (double Throughput, double P95) Run(Decide decide, LatencyTargetPolicy? target, ExecutionCosts costs, double duration)
    {
        Start();
        while (_events.TryDequeue(out var next, out var at) && at.Time <= duration && _waiting.Count < 5_000)
        {
            _now = at.Time;
            next();
        }

        _latencies.Sort();
        return _latencies.Count == 0 || _waiting.Count >= 5_000
            ? (0, double.MaxValue)
            : (_latencies.Count / (duration * 2 / 3), _latencies[(int)(_latencies.Count * 0.95)]);

        void Start()
        {
            for (var i = 0; i < Math.Max(1, load.Clients); i++)
            {
                After(load.Clients > 0 ? _random.NextDouble() * curve[1] : Gap(), Arrive);
            }
        }

        void Arrive()
        {
            target?.OnArrival((long)_now);
            _waiting.Add((long)_now);
            if (load.Clients == 0)
            {
                After(Gap(), Arrive);
            }

            Step();
        }

        void Step()
        {
            if (_isBusy || _waiting.Count == 0)
            {
                return;
            }

            var rows = new int[Math.Min(_waiting.Count, curve.Length - 1)];
            Array.Fill(rows, 1);
            var decision = decide(new QueueHead { Rows = rows, OldestTimestamp = _waiting[0], IsNextTooLarge = _waiting.Count > rows.Length }, (long)_now);
            if (decision.Requests == 0)
            {
                var question = ++_question;
                After(Math.Max(0, decision.WaitUntil - _now), () =>
                {
                    if (question == _question)
                    {
                        Step();
                    }
                });
                return;
            }

            var batch = _waiting[..decision.Requests];
            _waiting.RemoveRange(0, decision.Requests);
            _question++;
            _isBusy = true;
            var cost = curve[batch.Count] * (0.95 + (0.1 * _random.NextDouble()));
            After(cost, () => End(batch, cost));
        }

        void End(List<long> batch, double cost)
        {
            _isBusy = false;
            costs.Record(batch.Count, (long)cost);
            foreach (var came in batch)
            {
                target?.OnAnswer((long)_now - came);
                if (_now > duration / 3)
                {
                    _latencies.Add(_now - came);
                }

                if (load.Clients > 0)
                {
                    After(load.Pause * (0.5 + _random.NextDouble()), Arrive);
                }
            }

            Step();
        }
    }

    private double Gap() => -Math.Log(1 - _random.NextDouble()) / load.Rate;

    private void After(double time, Action action) => _events.Enqueue(action, (_now + time, _number++));
}
