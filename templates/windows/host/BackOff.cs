using System;
using System.Diagnostics;

namespace Culvert
{
    /// <summary>
    /// The pauses between attempts: short ones first, then steady ones that differ from host to
    /// host, so that a server that comes back does not meet all of them at once; after ten
    /// minutes of these long ones.
    /// </summary>
    internal sealed class BackOff
    {
        private static readonly double[] First = { 1, 2, 4, 8, 15 };
        private const double Steady = 15;
        private const double SteadySpread = 0.2;
        private const double SteadyFor = 600;
        private const double Long = 60;

        private readonly int second;
        private readonly Random random = new Random(Guid.NewGuid().GetHashCode());
        private readonly Stopwatch steady = new Stopwatch();
        private int pauses;

        /// <summary>second: how many milliseconds one lasts.</summary>
        internal BackOff(int second)
        {
            this.second = second;
        }

        /// <summary>Begins anew: all is well, or has changed.</summary>
        internal void Begin()
        {
            pauses = 0;
            steady.Reset();
        }

        /// <summary>The next pause, in seconds.</summary>
        internal double Next()
        {
            if (pauses < First.Length) return First[pauses++];
            steady.Start();
            if (steady.ElapsedMilliseconds >= SteadyFor * second) return Long;
            return Steady * (1 + SteadySpread * (2 * random.NextDouble() - 1));
        }
    }
}
